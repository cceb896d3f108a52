namespace Nitro.Benchmarks

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Signer.Policy
open Nitro.Wire

/// How a bench node signs: for real, or without cryptography, to see the engine alone.
type internal Crypto =
    { Recover: Recover
      /// For one more party, which remembers what it has recovered, as the shell's processes do.
      Party: unit -> Recover
      /// How many all parties have recovered.
      Recovered: unit -> int64
      Sign: Address -> Bytes32 -> Signature
      NewKey: int -> Address }

module internal Crypto =
    /// The private key of bench node `n`.
    let keyOf (n: int) = (Keccak.hash (BitConverter.GetBytes n)).ToArray()

    let real () =
        let curve = Nitro.Secp256k1.Curve.Default
        let keys = Dictionary<Address, byte[]>()
        let parties = List<Nitro.Secp256k1.Recoveries>()

        let recover (by: byte[] -> byte[] -> byte[] -> bool) =
            Recover(fun digest signature ->
                let address = Array.zeroCreate<byte> 20
                if by (digest.ToArray()) (signature.ToArray()) address then ValueSome(Address.ofSpan (ReadOnlySpan address)) else ValueNone)

        { Recover =
            recover (fun digest signature address ->
                curve.TryRecoverAddress(ReadOnlySpan digest, ReadOnlySpan signature, Span address))
          Party =
            fun () ->
                let party = Nitro.Secp256k1.Recoveries(curve, 8_192)
                parties.Add party

                recover (fun digest signature address ->
                    party.TryRecoverAddress(ReadOnlySpan digest, ReadOnlySpan signature, Span address))
          Recovered = fun () -> parties |> Seq.sumBy _.Computed
          Sign =
            fun who digest ->
                let bytes = Array.zeroCreate<byte> 65
                curve.TrySign(ReadOnlySpan(digest.ToArray()), ReadOnlySpan keys[who], Span bytes) |> ignore

                match Signature.tryOfSpan (ReadOnlySpan bytes) with
                | ValueSome signature -> signature
                | ValueNone -> invalidOp "a signature has 65 bytes"
          NewKey =
            fun n ->
                let key = keyOf n
                let address = Array.zeroCreate<byte> 20
                curve.TryGetAddress(ReadOnlySpan key, Span address) |> ignore
                let who = Address.ofSpan (ReadOnlySpan address)
                keys[who] <- key
                who }

    let none () =
        let recover = Recover(fun digest signature -> if signature.R = digest then Destination.tryAddress signature.S else ValueNone)

        { Recover = recover
          Party = fun () -> recover
          Recovered = fun () -> 0L
          Sign = fun who digest -> { R = digest; S = Destination.ofAddress who; V = 27uy }
          NewKey =
            fun n ->
                match Destination.tryAddress (Bytes32.ofUInt64 (uint64 (n + 1_000))) with
                | ValueSome address -> address
                | ValueNone -> invalidOp "an external destination" }

/// One node without a shell: its effects are carried out at once, in one thread.
type internal BenchNode(settings: Settings) =
    member val State = NodeState.empty with get, set
    /// Its signer's.
    member val Memory = SignerState.empty with get, set
    member val Powers: Powers = { Recover = settings.Recover; Attests = fun _ _ -> false }
    member val Policy =
        let apps = Map.ofList [ settings.ConsensusApp, Ledger; settings.VirtualApp, Payment; Address.zero, Payment ]
        let policy = Presets.attended settings.ChainId settings.Adjudicator settings.Me apps
        { policy with Limits = { policy.Limits with Channels = 1_000_000 } }
    /// Its journal, as long as somebody wants it.
    member val Journal: List<struct (int64 * Fact)> voption = ValueNone with get, set
    member _.Settings = settings

/// Nodes joined by function calls: the whole protocol, no disk, no network.
type internal BenchNet(crypto: Crypto) =
    let nodes = Dictionary<Address, BenchNode>()
    let work = Queue<struct (Address * EffectId * Intent)>()
    let held = Queue<struct (Address * EffectId * Intent)>()
    let chain = Dictionary<ChannelId, Amount>()
    let mutable height = 1UL
    let mutable now = 1_000_000L
    let mutable requests = 0
    let mutable signatures = 0L
    let mutable steps = 0L

    /// Work that waits until `Release`.
    member val Holds: Intent -> bool = (fun _ -> false) with get, set
    member _.Nodes = nodes
    member _.Signatures = signatures
    member _.Steps = steps

    member _.Add n =
        let who = crypto.NewKey n

        let settings: Settings =
            { Me = who
              ConsensusApp = crypto.NewKey 900_001
              VirtualApp = crypto.NewKey 900_002
              Adjudicator = crypto.NewKey 900_003
              ChainId = 0UL
              Confirmations = 1UL
              DefaultChallengeDuration = 86_400u
              GoNitroPeers = Set.empty
              Policy = Policy.permissive
              Limits =
                { Limits.standard with
                    OpenObjectives = 1_000_000
                    OpenObjectivesPerPeer = 1_000_000
                    UnfinishedPerPeer = 1_000_000 }
              Recover = crypto.Party() }

        nodes[who] <- BenchNode settings
        who

    member this.Step(who, event) =
        let node = nodes[who]
        now <- now + 1L
        steps <- steps + 1L
        let step = Engine.step node.Settings node.State { At = Instant now; Event = event }
        node.State <- step.State
        node.Journal |> ValueOption.iter (fun journal -> for fact in step.Facts do journal.Add(struct (now, fact)))

        for effect, intent in step.Effects do
            (if this.Holds intent then held else work).Enqueue(struct (who, effect, intent))

        step

    member private this.Perform(who, effect, intent) =
        let node = nodes[who]

        match intent with
        | SignPayload signing ->
            (match Briefing.signing node.Settings node.State signing with
             | ValueSome items ->
                 let struct (verdict, next) = Hearing.hear node.Powers node.Policy (now / 1_000_000L) ValueNone node.Memory items
                 node.Memory <- next

                 match verdict with
                 | Verdict.Approve digest ->
                     signatures <- signatures + 1L
                     this.Step(who, SignerReplied [ effect, Signed(crypto.Sign who digest) ]) |> ignore
                 | Verdict.Noted
                 | Verdict.Refuse _
                 | Verdict.Wait _ -> invalidOp $"{verdict}"
             | ValueNone -> ())
        | Tell(peer, telling) ->
            (match Outgoing.message node.Settings node.State telling with
             | ValueNone -> ()
             | ValueSome message ->
                 let frame = PeerV1.encode peer message

                 match Inbound.receive nodes[peer].Settings nodes[peer].State who (ReadOnlyMemory frame) with
                 | Error offence -> invalidOp offence.Detail
                 | Ok verified ->
                     match this.Step(peer, PeerSaid verified).Taking with
                     | Take -> this.Step(who, PeerTook effect) |> ignore
                     | NotNow _ -> work.Enqueue(struct (who, effect, intent))
                     | Offend offence -> invalidOp offence.Detail)
        | SubmitCall(Deposit(id, expected, amount)) ->
            chain[id] <- Amount.addSaturated expected amount
            height <- height + 1UL
            let at = { Height = height; Index = 0u; BlockHash = Bytes32.zero }
            for other in nodes.Keys |> Seq.toArray do this.Step(other, ChainShowed(ChainNotice.Deposited(id, Address.zero, chain[id]), at)) |> ignore
        | SubmitCall(ConcludeAndTransfer id) ->
            height <- height + 1UL
            let at = { Height = height; Index = 0u; BlockHash = Bytes32.zero }
            for other in nodes.Keys |> Seq.toArray do this.Step(other, ChainShowed(PaidOut(id, 0, chain[id], Amount.zero), at)) |> ignore
        | SubmitCall(ReadHoldings _) -> ()

    /// One unit of work, for those who look between.
    member this.DrainOne() =
        match work.TryDequeue() with
        | true, struct (who, effect, intent) ->
            this.Perform(who, effect, intent)
            true
        | _ -> false

    /// Until nothing is left to do.
    member this.Drain() = while this.DrainOne() do ()

    /// What was held back becomes work; nothing is held from now on.
    member this.Release() =
        this.Holds <- fun _ -> false
        while held.Count > 0 do work.Enqueue(held.Dequeue())

    member this.Ask(who, command) =
        requests <- requests + 1
        let request = RequestId(requests.ToString "D16")
        let step = this.Step(who, Asked(request, Bytes32.ofUInt64 (uint64 requests), command))

        match step.Replies with
        | [ { Answer = ObjectiveStarted id } ] -> id.Channel
        | [ { Answer = Failed problem } ] -> invalidOp problem.Message
        | _ -> ChannelId Bytes32.zero

    static member Outcome(first: Address, second: Address, a: uint64, b: uint64) : Outcome =
        let line who amount : Allocation =
            { Destination = Destination.ofAddress who
              Amount = Amount.ofUInt64 amount
              Type = AllocationType.simple
              Metadata = [||] }

        [ { Asset = Address.zero; MetadataType = 0uy; Metadata = [||]; Allocations = [ line first a; line second b ] } ]

    member this.Ledger(first, second, each, nonce) =
        let id = this.Ask(first, CreateLedger(second, 100u, BenchNet.Outcome(first, second, each, each), nonce))
        this.Drain()
        id

    member this.OpenPayment(payer, hubs, payee, amount, nonce) =
        this.Ask(payer, CreatePaymentChannel(hubs, payee, 100u, BenchNet.Outcome(payer, payee, amount, 0UL), nonce))
