namespace Nitro.Signing

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer

/// Which of a signer's keys a request is for.
type SigningKey =
    /// Signs states and vouchers.
    | Channel = 0
    /// Signs the chain account's transactions.
    | Chain = 1

/// A request that was read: what to sign, and which marks the decision looks up.
[<Sealed>]
type SigningRequest internal (item: SignItem) =
    let keys =
        match item with
        | ChannelItem(StatePayload(fixedPart, _, undoes)) -> FixedPart.channelId fixedPart :: ValueOption.toList undoes
        | ChannelItem(VoucherPayload voucher) -> [ voucher.Channel ]
        | TransactionItem _ -> []

    let digest =
        lazy
            (match item with
             | ChannelItem payload -> Payload.digest payload
             | TransactionItem transaction -> Transaction.digest transaction)

    member internal _.Item = item
    member internal _.Channels = keys

    member _.Key =
        match item with
        | ChannelItem _ -> SigningKey.Channel
        | TransactionItem _ -> SigningKey.Chain

    /// The 32 bytes that a signature is made over: whoever gets one checks it against these.
    member _.Digest = ReadOnlyMemory<byte>(digest.Value.ToArray())

    /// Channel ids, 32 bytes each.
    member _.MarkKeys: IReadOnlyList<ReadOnlyMemory<byte>> =
        [| for key in keys -> ReadOnlyMemory<byte>(key.Value.ToArray()) |]

/// The signer's decision. `Marks` must be durable before a signature over `Digest` leaves.
[<Sealed>]
type SigningVerdict internal (digest: byte[], tag: string, marks: KeyValuePair<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>[]) =
    member _.Approved = digest.Length = 32
    /// The 32 bytes to sign; empty where refused.
    member _.Digest = ReadOnlyMemory<byte> digest
    /// Why not; empty where approved.
    member _.Tag = tag
    member _.Marks: IReadOnlyList<KeyValuePair<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> = marks

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
    member _.Request = ReadOnlyMemory<byte>(RequestV1.encodeTransaction transaction)

/// The signer's pure core, as C# sees it. Holds no key and no state.
[<AbstractClass; Sealed>]
type SignerCore private () =
    /// Reads one item of Request.V1.
    static member TryRead
        (
            body: ReadOnlyMemory<byte>,
            [<Out>] request: byref<SigningRequest | null>,
            [<Out>] error: byref<string>
        ) : bool =
        match RequestV1.decode body with
        | Ok item ->
            request <- SigningRequest item
            error <- ""
            true
        | Error text ->
            request <- null
            error <- text
            false

    /// Decides by the marks alone. `lookup` gives the stored value of a key, or nothing where there is none;
    /// a damaged value is refused, never guessed.
    static member Decide(request: SigningRequest, lookup: Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>) : SigningVerdict =
        let read (id: ChannelId) =
            let value = lookup.Invoke(ReadOnlyMemory<byte>(id.Value.ToArray()))
            if value.IsEmpty then Ok Marks.none else MarksV1.decode value

        let known = request.Channels |> List.map (fun key -> key, read key)

        match known |> List.tryPick (fun (_, marks) -> match marks with Error text -> Some text | Ok _ -> None) with
        | Some text -> SigningVerdict([||], $"marks-damaged: {text}", [||])
        | None ->
            let found = known |> List.choose (fun (key, marks) -> match marks with Ok m -> Some(key, m) | Error _ -> None)
            let marksOf id = found |> List.tryFind (fun (key, _) -> key = id) |> Option.map snd |> Option.defaultValue Marks.none

            let verdict =
                match request.Item with
                | ChannelItem payload -> Signer.step marksOf payload
                | TransactionItem transaction -> [], Approve(Transaction.digest transaction)

            match verdict with
            | changed, Approve digest ->
                let entries =
                    changed
                    |> List.map (fun (id, marks) ->
                        KeyValuePair(ReadOnlyMemory<byte>(id.Value.ToArray()), ReadOnlyMemory<byte>(MarksV1.encode marks)))

                SigningVerdict(digest.ToArray(), "", List.toArray entries)
            | _, Refuse tag -> SigningVerdict([||], tag, [||])
