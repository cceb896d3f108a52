namespace Nitro

/// Recovers the signer of a digest: 32 bytes, 65 bytes r s v, and room for a 20-byte address. False where there is none. Must be pure.
type RecoverSigner = delegate of digest: System.ReadOnlySpan<byte> * signature: System.ReadOnlySpan<byte> * address: System.Span<byte> -> bool

namespace Nitro.Signing

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open Nitro
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer
open Nitro.Signer.Policy

/// Which of a signer's keys a request is for.
type SigningKey =
    /// Signs states and vouchers.
    | Channel = 0
    /// Signs the chain account's transactions.
    | Chain = 1

/// Whether a device key, as an approver is listed, made this signature under this message. Must be pure.
type AttestDevice = delegate of key: ReadOnlySpan<byte> * signature: ReadOnlySpan<byte> * message: ReadOnlySpan<byte> -> bool

/// One item of a request, read: evidence, or what is wanted.
[<Sealed>]
type SigningItem internal (request: SignerRequest, lent: struct (Approval * Credential) voption) =
    let wanted = SignerRequest.wanted request
    member internal _.Request = request
    member internal _.Wanted = wanted
    /// An approval that a verified call stands for.
    member internal _.Lent = lent

    /// The network identity signs it: it knows no contracts.
    member internal _.IsOfIdentity =
        match wanted with
        | ValueSome(WantedTransportKey _ | WantedAddressRecord _) -> true
        | ValueSome(WantedState _ | WantedProposal _ | WantedVoucher _ | WantedChallenge _ | WantedTransaction _)
        | ValueNone -> false

    /// It asks for a signature, and so ends a request.
    member _.IsWanted = wanted.IsSome

    member _.Key =
        match wanted with
        | ValueSome(WantedTransaction _) -> SigningKey.Chain
        | ValueSome(WantedState _ | WantedProposal _ | WantedVoucher _ | WantedChallenge _ | WantedTransportKey _ | WantedAddressRecord _)
        | ValueNone -> SigningKey.Channel

    /// The channel (0x and 64 digits) in whose order it has a place; empty for a transaction, for what the network identity signs, and for evidence.
    member _.Lane =
        match ValueOption.bind Wanted.lane wanted with
        | ValueSome channel -> channel.ToString()
        | ValueNone -> ""

    /// The 32 bytes that a signature is made over; empty for evidence, and for a proposal, whose state only the signer's own copy tells.
    member _.Digest: ReadOnlyMemory<byte> =
        match ValueOption.bind Wanted.digest wanted with
        | ValueSome digest -> ReadOnlyMemory<byte>(digest.ToArray())
        | ValueNone -> ReadOnlyMemory.Empty

/// What became of a request.
type VerdictKind =
    /// Its digest may be signed once the memory is durable.
    | Approved = 0
    /// There was nothing to sign.
    | Noted = 1
    /// For ever.
    | Refused = 2
    /// Not now: ask again later.
    | Waiting = 3

/// What the signer's host lends to its decisions.
[<Sealed>]
type SignerPowers(recover: RecoverSigner, attest: AttestDevice) =
    let recovered =
        Recover(fun digest signature ->
            let signer = Array.zeroCreate<byte> 20
            let bytes = signature.ToArray()
            let hash = digest.ToArray()

            if recover.Invoke(ReadOnlySpan hash, ReadOnlySpan bytes, Span signer) then ValueSome(Address.ofSpan (ReadOnlySpan signer))
            else ValueNone)

    member internal _.Powers: Powers =
        { Recover = recovered
          Attests = fun credential message -> attest.Invoke(ReadOnlySpan credential.Key, ReadOnlySpan credential.Signature, ReadOnlySpan message) }

/// The owner's rules.
[<Sealed>]
type SignerPolicy internal (plan: PolicyPlan) =
    member internal _.Plan = plan
    /// The preset `open`: the owner is there, and lets the node spend.
    static member Open = SignerPolicy PolicyPlanV1.standard

    /// From a policy's JSON.
    static member TryRead(json: ReadOnlyMemory<byte>, [<Out>] policy: byref<SignerPolicy | null>, [<Out>] error: byref<string>) : bool =
        match PolicyPlanV1.decode json with
        | Ok plan ->
            policy <- SignerPolicy plan
            error <- ""
            true
        | Error text ->
            policy <- null
            error <- text
            false

    /// What holds, a line each.
    member _.Description: IReadOnlyList<string> = List.toArray (PolicyPlanV1.describe plan)

/// All that a signer remembers. Opaque to its host and never changed: each hearing gives a new one.
[<Sealed>]
type SignerMemory internal (policy: PolicyPlan, me: Address, pinned: ContractSet voption, config: SignerConfig voption, state: SignerState) =
    member internal _.Policy = policy
    member internal _.Me = me
    member internal _.Pinned = pinned
    member internal _.Config = config
    member internal _.State = state

    member internal _.With(now: ContractSet voption, next) =
        if now = pinned then SignerMemory(policy, me, pinned, config, next)
        else SignerMemory(policy, me, now, (now |> ValueOption.map (fun contracts -> policy.Make contracts me)), next)

    /// A state with our own signature was shown that this memory does not have: it is older than the key. Only what was signed before is signed again.
    member _.IsSuspect = state.Suspect
    /// Channels that are not over.
    member _.Channels = state.ChannelCount
    /// Changes so far.
    member _.Version = state.Version
    /// Hash over all of them, 32 bytes.
    member _.Root = ReadOnlyMemory<byte>(state.Root.ToArray())

/// The answer to a request, and what the signer remembers from then on: durable before a signature over `Digest` leaves.
[<Sealed>]
type SigningVerdict internal (kind: VerdictKind, digest: byte[], tag: string, instead: byte[], memory: SignerMemory) =
    member _.Kind = kind
    /// The 32 bytes to sign; empty where there is nothing to sign.
    member _.Digest = ReadOnlyMemory<byte> digest
    /// Why not; empty where approved or noted.
    member _.Tag = tag
    /// Where `no-double-sign` refuses: the request that was signed in its place, for a node that has lost it; empty where it is not known.
    member _.Instead = ReadOnlyMemory<byte> instead
    member _.Memory = memory

/// An EIP-1559 transaction without its signature: the one place where its bytes are made, for the node and the signer alike.
[<Sealed>]
type TypedTransaction private (transaction: Transaction) =
    /// Amounts in wei; `target` is 20 bytes, or empty for a deployment. Null where a field does not fit.
    static member TryOf
        (
            chainId: uint64,
            nonce: uint64,
            maxPriorityFeePerGas: bigint,
            maxFeePerGas: bigint,
            gasLimit: uint64,
            target: ReadOnlyMemory<byte>,
            value: bigint,
            data: ReadOnlyMemory<byte>
        ) : TypedTransaction | null =
        match Amount.tryCreate maxPriorityFeePerGas, Amount.tryCreate maxFeePerGas, Amount.tryCreate value with
        | ValueSome tip, ValueSome fee, ValueSome wei when target.Length = 0 || target.Length = 20 ->
            TypedTransaction
                { ChainId = chainId
                  Nonce = nonce
                  MaxPriorityFeePerGas = tip
                  MaxFeePerGas = fee
                  GasLimit = gasLimit
                  To = if target.IsEmpty then ValueNone else ValueSome(Address.ofSpan target.Span)
                  Value = wei
                  Data = data.ToArray() }
        | _ -> null

    /// The 32 bytes that the account signs.
    member _.Digest = ReadOnlyMemory<byte>((Transaction.digest transaction).ToArray())

    /// What is broadcast. `signature`: 65 bytes r, s, v with v = 27 or 28; empty where it has another shape.
    member _.Raw(signature: ReadOnlyMemory<byte>) : ReadOnlyMemory<byte> =
        match Signature.tryOfSpan signature.Span with
        | ValueSome found when found.V = 27uy || found.V = 28uy -> ReadOnlyMemory<byte>(Transaction.raw transaction found)
        | _ -> ReadOnlyMemory.Empty

    /// One item of Request.V1.
    member _.Request = ReadOnlyMemory<byte>(RequestV1.encode (SignTransaction transaction))

/// The signer's pure core, as C# sees it. Holds no key and no state.
[<AbstractClass; Sealed>]
type SignerCore private () =
    static let pinKey = [| byte 'p' |]

    /// Addresses are trusted on first use and kept for ever; a chain's number that the first did not name may come later.
    static let pin (memory: SignerMemory) (items: IReadOnlyList<SigningItem>) : ContractSet voption =
        let named = items |> Seq.tryPick (fun item -> match item.Request with UseContracts contracts -> Some contracts | _ -> None)
        let chain = items |> Seq.tryPick (fun item -> match item.Wanted with ValueSome(WantedTransaction called) -> Some called.ChainId | _ -> None)

        let pinned =
            match memory.Pinned, named with
            | ValueNone, Some contracts -> ValueSome contracts
            | ValueSome known, Some contracts when known.ChainId = 0UL && { contracts with ChainId = 0UL } = known -> ValueSome contracts
            | known, _ -> known

        match pinned, chain with
        | ValueSome known, Some chain when known.ChainId = 0UL -> ValueSome { known with ChainId = chain }
        | known, _ -> known

    /// Reads one item of Request.V1.
    static member TryRead(body: ReadOnlyMemory<byte>, [<Out>] item: byref<SigningItem | null>, [<Out>] error: byref<string>) : bool =
        match RequestV1.decode body with
        | Ok request ->
            item <- SigningItem(request, ValueNone)
            error <- ""
            true
        | Error text ->
            item <- null
            error <- text
            false

    /// What a call approves that the owner's device has signed, and whoever asks has verified; to be heard before the items that it caused.
    /// Null where it approves nothing: another method, a channel that is not known, a device that is no approver.
    static member ApprovalOf
        (
            memory: SignerMemory,
            envelope: ReadOnlyMemory<byte>,
            payload: ReadOnlyMemory<byte>,
            publicKey: ReadOnlyMemory<byte>,
            signature: ReadOnlyMemory<byte>
        ) : SigningItem | null =
        let assetOf id =
            match memory.State.Channels.TryFind id with
            | Some channel -> Ledgers.opening channel |> ValueOption.map _.Asset
            | None -> ValueNone

        match memory.Config, ApiCall.decode envelope with
        | ValueSome config, Ok call when config.Approvers.Contains(Hex.ofBytes publicKey.Span) ->
            let credential = { Key = publicKey.ToArray(); Signature = signature.ToArray() }

            match CallApproval.tryOf assetOf config.ApprovalSeconds (envelope.ToArray()) call payload with
            | ValueSome approval -> SigningItem(ApproveRequest(approval, credential), ValueSome(struct (approval, credential)))
            | ValueNone -> null
        | _ -> null

    /// Decides about one request: evidence, and last what is wanted. `now`: seconds since 1970.
    static member Hear(memory: SignerMemory, powers: SignerPowers, now: int64, items: IReadOnlyList<SigningItem>) : SigningVerdict =
        let requests = [ for item in items -> item.Request ]
        let pinned = pin memory items
        let ready = memory.With(pinned, memory.State)

        let config =
            match ready.Config with
            | ValueNone when items |> Seq.forall _.IsOfIdentity -> ValueSome(memory.Policy.Make ContractSet.none memory.Me)
            | known -> known

        match config with
        | ValueNone -> SigningVerdict(VerdictKind.Refused, [||], Tags.contractsPinned.Name, [||], memory)
        | ValueSome config ->
            let lend (powers: Powers) (item: SigningItem) =
                match item.Lent with
                | ValueSome(struct (approval, credential)) -> CallApproval.lend memory.Me approval credential powers
                | ValueNone -> powers

            let lent = items |> Seq.fold lend powers.Powers
            let struct (verdict, next) = Hearing.hear lent config now ValueNone memory.State requests
            let after = ready.With(pinned, next)

            match verdict with
            | Approve digest -> SigningVerdict(VerdictKind.Approved, digest.ToArray(), "", [||], after)
            | Noted -> SigningVerdict(VerdictKind.Noted, [||], "", [||], after)
            | Refuse tag ->
                let instead = Recall.instead tag next requests |> ValueOption.map RequestV1.encode
                SigningVerdict(VerdictKind.Refused, [||], tag, ValueOption.defaultValue [||] instead, after)
            | Wait tag -> SigningVerdict(VerdictKind.Waiting, [||], tag, [||], after)

    /// What hearing these items has changed: rows by their keys, in the order of which they are loaded; an empty key's value is deleted where it is null.
    static member Changes(before: SignerMemory, after: SignerMemory, items: seq<SigningItem>) : KeyValuePair<byte[], byte[] | null>[] =
        let touched = items |> Seq.collect (fun item -> SignerRowsV1.touches item.Request) |> Seq.distinct

        [| match after.Pinned with
           | ValueSome contracts when after.Pinned <> before.Pinned -> KeyValuePair(pinKey, (RequestV1.encode (UseContracts contracts): byte[] | null))
           | ValueSome _
           | ValueNone -> ()

           for row in SignerRowsV1.changes before.State after.State touched do
               KeyValuePair(row.Key, (match row.Value with ValueSome value -> (value: byte[] | null) | ValueNone -> null)) |]

    /// A memory out of its rows, in ascending order of their keys; `address`: the channel key's, 20 bytes.
    static member TryLoad
        (
            policy: SignerPolicy,
            address: ReadOnlyMemory<byte>,
            rows: IReadOnlyList<KeyValuePair<byte[], byte[]>>,
            [<Out>] memory: byref<SignerMemory | null>,
            [<Out>] error: byref<string>
        ) : bool =
        let isPin (row: KeyValuePair<byte[], byte[]>) = row.Key.AsSpan().SequenceEqual(ReadOnlySpan pinKey)

        let pinned =
            match rows |> Seq.tryFind isPin with
            | None -> Ok policy.Plan.Contracts
            | Some row ->
                match RequestV1.decode (ReadOnlyMemory row.Value), policy.Plan.Contracts with
                | Ok(UseContracts known), ValueNone -> Ok(ValueSome known)
                | Ok(UseContracts known), ValueSome wanted when known = wanted || { wanted with ChainId = 0UL } = known -> Ok(ValueSome wanted)
                | Ok(UseContracts known), ValueSome _ ->
                    Error $"this key serves chain {known.ChainId} and the adjudicator {known.Adjudicator}, the policy names others"
                | _ -> Error "the contracts it keeps cannot be read"

        let state = SignerRowsV1.decode [ for row in rows do if not (isPin row) then struct (row.Key, row.Value) ]

        match pinned, state with
        | Ok contracts, Ok state ->
            let me = Address.ofSpan address.Span
            memory <- SignerMemory(policy.Plan, me, contracts, (contracts |> ValueOption.map (fun found -> policy.Plan.Make found me)), state)
            error <- ""
            true
        | Error text, _
        | _, Error text ->
            memory <- null
            error <- text
            false
