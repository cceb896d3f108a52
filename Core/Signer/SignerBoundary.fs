namespace Nitro.Signing

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer

/// A request that was read: what to sign, and which marks the decision looks up.
[<Sealed>]
type SigningRequest internal (payload: Payload) =
    let keys =
        match payload with
        | StatePayload(fixedPart, _, undoes) -> [| FixedPart.channelId fixedPart; yield! ValueOption.toArray undoes |]
        | VoucherPayload voucher -> [| voucher.Channel |]

    member internal _.Payload = payload
    /// Channel ids, 32 bytes each.
    member _.MarkKeys: IReadOnlyList<ReadOnlyMemory<byte>> =
        keys |> Array.map (fun key -> ReadOnlyMemory<byte>(key.Value.ToArray())) :> IReadOnlyList<_>

/// The signer's decision. `Marks` must be durable before a signature over `Digest` leaves.
[<Sealed>]
type SigningVerdict internal (digest: byte[], tag: string, marks: KeyValuePair<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>[]) =
    member _.Approved = digest.Length = 32
    /// The 32 bytes to sign; empty where refused.
    member _.Digest = ReadOnlyMemory<byte> digest
    /// Why not; empty where approved.
    member _.Tag = tag
    member _.Marks: IReadOnlyList<KeyValuePair<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> = marks

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
        | Ok payload ->
            request <- SigningRequest payload
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

        let keys =
            match request.Payload with
            | StatePayload(fixedPart, _, undoes) -> FixedPart.channelId fixedPart :: ValueOption.toList undoes
            | VoucherPayload voucher -> [ voucher.Channel ]

        let known = keys |> List.map (fun key -> key, read key)

        match known |> List.tryPick (fun (_, marks) -> match marks with Error text -> Some text | Ok _ -> None) with
        | Some text -> SigningVerdict([||], $"marks-damaged: {text}", [||])
        | None ->
            let found = known |> List.choose (fun (key, marks) -> match marks with Ok m -> Some(key, m) | Error _ -> None)
            let marksOf id = found |> List.tryFind (fun (key, _) -> key = id) |> Option.map snd |> Option.defaultValue Marks.none

            match Signer.step marksOf request.Payload with
            | changed, Approve digest ->
                let entries =
                    changed
                    |> List.map (fun (id, marks) ->
                        KeyValuePair(ReadOnlyMemory<byte>(id.Value.ToArray()), ReadOnlyMemory<byte>(MarksV1.encode marks)))

                SigningVerdict(digest.ToArray(), "", List.toArray entries)
            | _, Refuse tag -> SigningVerdict([||], tag, [||])
