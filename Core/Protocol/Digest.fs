namespace Nitro.Protocol

open System
open Nitro.Kernel

/// Digests of Ethereum personal messages: the only thing a channel key signs.
module internal Digest =
    let private prefix = "\x19Ethereum Signed Message:\n"B

    /// Of a message of any length.
    let personalMessage (message: byte[]) : Bytes32 =
        let length = Text.Encoding.ASCII.GetBytes(message.Length.ToString Globalization.CultureInfo.InvariantCulture)
        Keccak.hash (Array.concat [| prefix; length; message |])

    /// Of a hash: keccak256("\x19Ethereum Signed Message:\n32" and the hash).
    let personal (hash: Bytes32) : Bytes32 =
        let bytes = Array.zeroCreate<byte> (prefix.Length + 2 + 32)
        prefix.CopyTo(bytes, 0)
        bytes[prefix.Length] <- byte '3'
        bytes[prefix.Length + 1] <- byte '2'
        hash.CopyTo(Span(bytes, prefix.Length + 2, 32))
        Keccak.hash bytes
