namespace Nitro.Signer

open System
open System.Buffers.Binary
open System.Text
open Nitro.Kernel

/// A call to a node's API as a paired device signs it. All of it is under the signature, so that it is good for this node, this method and
/// these bytes alone.
type internal ApiCall =
    { /// The node's channel address.
      Node: Address
      Method: string
      /// SHA-256 of the payload's bytes as they were sent.
      Payload: Bytes32
      /// Milliseconds since 1970.
      Time: int64
      /// 16 bytes.
      Nonce: byte[]
      /// SHA-256 of the device's public key: 65 bytes, uncompressed.
      Credential: Bytes32 }

/// The one form of its bytes: domain and a zero, node 20, length of the method 1, method, payload 32, time 8, nonce 16, credential 32.
module internal ApiCall =
    let private domain = "nitro-node/req/v1\000"B
    let private fixedPart = domain.Length + 20 + 1 + 32 + 8 + 16 + 32
    let methodMost = 64

    let private isName (text: ReadOnlySpan<byte>) =
        let mutable good = text.Length > 0 && text.Length <= methodMost
        for letter in text do good <- good && ((letter >= 'a'B && letter <= 'z'B) || letter = '_'B)
        good

    let encode (call: ApiCall) : byte[] =
        let name = Encoding.ASCII.GetBytes call.Method
        let bytes = Array.zeroCreate<byte> (fixedPart + name.Length)
        let mutable at = 0

        let put (part: byte[]) =
            part.CopyTo(bytes, at)
            at <- at + part.Length

        put domain
        put (call.Node.ToArray())
        put [| byte name.Length |]
        put name
        put (call.Payload.ToArray())
        BinaryPrimitives.WriteInt64BigEndian(Span(bytes, at, 8), call.Time)
        at <- at + 8
        put call.Nonce
        put (call.Credential.ToArray())
        bytes

    let decode (bytes: ReadOnlyMemory<byte>) : Read<ApiCall> =
        let all = bytes.ToArray()

        if all.Length <= fixedPart || not (all.AsSpan().StartsWith(ReadOnlySpan domain)) then
            Error "it is not under the domain nitro-node/req/v1"
        else
            let length = int all[domain.Length + 20]

            if all.Length <> fixedPart + length || not (isName (ReadOnlySpan(all, domain.Length + 21, length))) then
                Error "it has not the length that its method gives it"
            else
                let word (at: int) = Bytes32.ofSpan (ReadOnlySpan(all, at, 32))
                let rest = domain.Length + 21 + length

                Ok
                    { Node = Address.ofSpan (ReadOnlySpan(all, domain.Length, 20))
                      Method = Encoding.ASCII.GetString(all, domain.Length + 21, length)
                      Payload = word rest
                      Time = BinaryPrimitives.ReadInt64BigEndian(ReadOnlySpan(all, rest + 32, 8))
                      Nonce = all[rest + 40 .. rest + 55]
                      Credential = word (rest + 56) }
