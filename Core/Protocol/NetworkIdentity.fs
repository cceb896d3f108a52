namespace Nitro.Protocol

open System
open System.Security.Cryptography
open System.Text
open Nitro.Kernel

/// What a channel key signs as a node's identity on the network. These digests are SHA-256, so none of them can count for the contracts.
module internal NetworkIdentity =
    let private transportPrefix = "noise-libp2p-static-key:"B
    let private digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

    /// An identity multihash of the key's protobuf message: both lengths, and the key's type.
    let private peerPrefix = [| 0uy; 37uy; 8uy; 2uy; 18uy; 33uy |]

    let private digest (bytes: byte[]) = Bytes32.ofSpan (ReadOnlySpan(SHA256.HashData bytes))

    /// Bitcoin's alphabet; each leading zero byte is a leading 1.
    let private base58 (bytes: byte[]) =
        let rec number (rest: bigint) text =
            if rest.IsZero then text else number (rest / 58I) (String.Concat(digits[int (rest % 58I)], text))

        let zeros = bytes |> Array.takeWhile (fun each -> each = 0uy)
        String('1', zeros.Length) + number (bigint (ReadOnlySpan bytes, true, true)) ""

    /// That connections under this X25519 key are the identity's (libp2p's Noise specification).
    let transportKeyDigest (key: Bytes32) = digest (Array.append transportPrefix (key.ToArray()))

    /// Of a public key: x and y, 32 bytes each.
    let addressOf (publicKey: byte[]) : Address voption =
        if publicKey.Length = 64 then Address.tryOfArray (Array.sub ((Keccak.hash publicKey).ToArray()) 12 20) else ValueNone

    /// The name of the host with this identity: x and y, 32 bytes each.
    let peerId (publicKey: byte[]) : string =
        Array.concat [| peerPrefix; [| 2uy + (publicKey[63] &&& 1uy) |]; Array.sub publicKey 0 32 |] |> base58

    /// That the channel key's address is found at the peer with the same key: go-nitro's record for its hash table. Seconds since 1970.
    let addressRecordDigest (publicKey: byte[]) (me: Address) (time: int64) =
        $"{{\"SCAddr\":\"{Text.checksum me}\",\"PeerID\":\"{peerId publicKey}\",\"Timestamp\":{time}}}" |> Encoding.ASCII.GetBytes |> digest
