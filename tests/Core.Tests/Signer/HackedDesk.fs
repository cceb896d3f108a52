/// The same attacks over the signer's whole path: bytes, the desk, its rows on disk, and signatures on the real curve.
module Nitro.Core.Tests.Signer.HackedDesk

open System
open System.IO
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Secp256k1
open Nitro.Signer
open Nitro.Signer.Policy
open Nitro.Signing
open Nitro.Core.Tests.Signer.PolicyWorld

/// Moved by hand.
type internal Clock() =
    inherit TimeProvider()
    member val Now = start with get, set
    override this.GetUtcNow() = DateTimeOffset.FromUnixTimeSeconds this.Now

let private bytesOf (items: SignerRequest list) = [| for item in items -> ReadOnlyMemory<byte>(RequestV1.encode item) |]

let private policyOf (scene: Scene) =
    match PolicyPlanV1.decode (ReadOnlyMemory scene.Document) with
    | Ok plan -> SignerPolicy plan
    | Error text -> failwith text

let private openStore (scene: Scene) path = MemoryStore.Open(path, ReadOnlyMemory<byte>(scene.Cast.Me.ToArray()), policyOf scene, 0L)

/// What the signature of an answer must be over; a proposal's the signer's memory tells.
let private digestOf (state: SignerState) (wanted: SignerRequest) =
    match (SignerRequest.wanted wanted |> ValueOption.bind Wanted.digest), wanted with
    | ValueSome digest, _ -> digest
    | ValueNone, SignProposal(ledger, turn, _) ->
        match state.Channels.TryFind ledger |> Option.bind (fun channel -> channel.Marks.Signed.TryFind turn) with
        | Some hash -> Digest.personal hash
        | None -> failwith "a signature whose turn is not marked"
    | ValueNone, other -> failwith $"a signature that nobody wanted: {other}"

let private isBy (signer: Address) (digest: Bytes32) (signature: ReadOnlyMemory<byte>) =
    let address = Array.zeroCreate<byte> 20
    let bytes = digest.ToArray()
    Curve.Default.TryRecoverAddress(ReadOnlySpan bytes, signature.Span, Span address) && Address.ofSpan (ReadOnlySpan address) = signer

let private answer (desk: SigningDesk) (store: MemoryStore) (scene: Scene) (loot: Loot) isHonest (batch: Move list) =
    let batch = batch |> List.map _.Items
    let answers = desk.Answer [| for items in batch -> DeskQuestion(SigningDesk.Read(bytesOf items), [||]) |]

    for items, answer in Seq.zip batch answers do
        if not answer.Signature.IsEmpty then
            let wanted = List.last items
            let digest = digestOf store.Memory.State wanted
            Assert.True(isBy scene.Cast.Me digest answer.Signature, $"{scene.Policy}: a signature over something else")
            loot.Take(wanted, digest)
        else
            match answer.Tag with
            | null -> ()
            | tag when isHonest -> failwith $"{scene.Policy}: an honest request was refused, {tag}"
            | tag -> loot.Refused tag

    loot.See store.Memory.State

/// Requests that wait together are judged together; one that may end a channel is judged alone, or there were nothing left to look at.
let private batches (ends: unit -> bool) (moves: Move list) =
    let closes (move: Move) = move.Items |> List.exists (fun item -> match item with CloseChannel _ -> true | _ -> false)
    let isAlone (move: Move) = move.Pause > 0L || closes move || ends ()

    let step (move: Move) (batches: Move list list) =
        match batches with
        | (next :: _ as current) :: rest when not (isAlone move || closes next) -> (move :: current) :: rest
        | _ -> [ move ] :: batches

    List.foldBack step moves []

let private play folder (scene: Scene) seed =
    let random = Random(seed: int)
    let clock = Clock()
    let path = Path.Combine(folder, $"{scene.Policy}-{seed}.db")
    let begun = random.Next(scene.Honest.Length + 1)

    let loot, last =
        use store = openStore scene path
        let desk = SigningDesk(Cast.ownKey, Cast.ownKey, store, clock, 1_000)
        let loot = Loot(scene.Cast, HackedNode.config scene, scene.Approved)
        let honest = [ for items in Array.truncate begun scene.Honest -> { Items = items; Pause = 0L } ]

        for batch in batches (fun () -> false) honest do answer desk store scene loot true batch

        for batch in HackedNode.attack scene random begun |> batches (fun () -> random.Next 3 = 0) do
            clock.Now <- clock.Now + (batch |> List.sumBy _.Pause)
            answer desk store scene loot false batch

        loot, store.Memory.State

    use again = openStore scene path
    Assert.True((again.Memory.State = last), $"{scene.Policy}, attack {seed}: another memory after a restart")
    File.Delete path
    struct (loot.Complaints(last, clock.Now - start), loot.Signatures)

[<Literal>]
let private Attacks = 34

[<Fact>]
let ``No attack on the whole signer costs more than the policy says, and its memory survives a restart`` () =
    let folder = Directory.CreateTempSubdirectory "nitro-hacked-"

    try
        for policy in Cast.policies Cast.real do
            let scene = HackedNode.scene Cast.real policy
            let mutable signatures = 0

            for seed in 1..Attacks do
                let struct (complaints, signed) = play folder.FullName scene seed
                if not complaints.IsEmpty then failwith $"{scene.Policy}, attack {seed}: {complaints}"
                signatures <- signatures + signed

            Assert.True(signatures > 2 * Attacks, $"{scene.Policy}: {signatures} signatures")
    finally
        folder.Delete true
