namespace Nitro.Signing

open System
open System.Runtime.InteropServices
open Nitro.Kernel
open Nitro.Signer

/// A call to a node's API as a device signs it, for the node, the signer and the caller alike.
[<Sealed>]
type SignedCall internal (call: ApiCall) =
    /// The bytes to sign. Node: 20 bytes; method: 1 to 64 of a-z and _; hash and credential: 32 bytes; time: milliseconds since 1970; nonce: 16 bytes.
    static member Encode
        (
            node: ReadOnlyMemory<byte>,
            methodName: string,
            payloadHash: ReadOnlyMemory<byte>,
            time: int64,
            nonce: ReadOnlyMemory<byte>,
            credential: ReadOnlyMemory<byte>
        ) : ReadOnlyMemory<byte> =
        ReadOnlyMemory<byte>(
            ApiCall.encode
                { Node = Address.ofSpan node.Span
                  Method = methodName
                  Payload = Bytes32.ofSpan payloadHash.Span
                  Time = time
                  Nonce = nonce.ToArray()
                  Credential = Bytes32.ofSpan credential.Span }
        )

    /// Reads what `Encode` writes. The error ends a sentence.
    static member TryRead(envelope: ReadOnlyMemory<byte>, [<Out>] read: byref<SignedCall | null>, [<Out>] error: byref<string>) : bool =
        match ApiCall.decode envelope with
        | Ok call ->
            read <- SignedCall call
            error <- ""
            true
        | Error text ->
            read <- null
            error <- text
            false

    /// 20 bytes.
    member _.Node = ReadOnlyMemory<byte>(call.Node.ToArray())
    member _.Method = call.Method
    /// SHA-256, 32 bytes.
    member _.PayloadHash = ReadOnlyMemory<byte>(call.Payload.ToArray())
    /// Milliseconds since 1970.
    member _.Time = call.Time
    /// 16 bytes.
    member _.Nonce = ReadOnlyMemory<byte> call.Nonce
    /// 32 bytes: SHA-256 of the device's public key.
    member _.Credential = ReadOnlyMemory<byte>(call.Credential.ToArray())
