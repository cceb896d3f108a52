namespace Nitro.Signing

open System
open Nitro.Kernel
open Nitro.Signer
open Nitro.Signer.Policy

/// Something for the network identity, which is the channel key, to sign.
[<Sealed>]
type IdentityRequest private (request: SignerRequest, digest: Bytes32) =
    static let tryOf request : IdentityRequest | null =
        match SignerRequest.wanted request |> ValueOption.bind Wanted.digest with
        | ValueSome digest -> IdentityRequest(request, digest)
        | ValueNone -> null

    /// That connections under this X25519 key (public, 32 bytes) are the node's. Null where it has another length.
    static member TransportKey(key: ReadOnlyMemory<byte>) : IdentityRequest | null =
        if key.Length = 32 then tryOf (SignTransportKey(Bytes32.ofSpan key.Span)) else null

    /// That the node is found at the host with its own key. `publicKey`: x and y, 32 bytes each; `time`: seconds since 1970. Null where the
    /// key has another length.
    static member AddressRecord(publicKey: ReadOnlyMemory<byte>, time: int64) : IdentityRequest | null =
        tryOf (SignAddressRecord(publicKey.ToArray(), time))

    /// The 32 bytes that are signed.
    member _.Digest = ReadOnlyMemory<byte>(digest.ToArray())
    /// One item of Request.V1.
    member _.Request = ReadOnlyMemory<byte>(RequestV1.encode request)
