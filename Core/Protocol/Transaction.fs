namespace Nitro.Protocol

open System
open Nitro.Kernel

/// Ethereum's recursive length prefix: byte strings and lists.
module internal Rlp =
    let private prefix (offset: int) length : byte[] =
        if length <= 55 then
            [| byte (offset + length) |]
        else
            let size = (bigint length).ToByteArray(true, true)
            Array.append [| byte (offset + 55 + size.Length) |] size

    let bytes (value: byte[]) : byte[] =
        if value.Length = 1 && value[0] < 0x80uy then value else Array.append (prefix 0x80 value.Length) value

    /// Big-endian without leading zeros; zero is the empty string.
    let number (value: bigint) : byte[] = bytes (if value.IsZero then [||] else value.ToByteArray(true, true))

    /// Of items that are encoded already.
    let list (items: byte[] list) : byte[] =
        let body = Array.concat items
        Array.append (prefix 0xc0 body.Length) body

/// An EIP-1559 transaction (type 2, empty access list) without its signature. Amounts in wei.
type internal Transaction =
    { ChainId: uint64
      Nonce: uint64
      MaxPriorityFeePerGas: Amount
      MaxFeePerGas: Amount
      GasLimit: uint64
      /// Nothing: a deployment.
      To: Address voption
      Value: Amount
      Data: byte[] }

module internal Transaction =
    [<Literal>]
    let private Type = 2uy

    let private fields (transaction: Transaction) : byte[] list =
        [ Rlp.number (bigint transaction.ChainId)
          Rlp.number (bigint transaction.Nonce)
          Rlp.number transaction.MaxPriorityFeePerGas.Value
          Rlp.number transaction.MaxFeePerGas.Value
          Rlp.number (bigint transaction.GasLimit)
          Rlp.bytes (match transaction.To with ValueSome target -> target.ToArray() | ValueNone -> [||])
          Rlp.number transaction.Value.Value
          Rlp.bytes transaction.Data
          Rlp.list [] ]

    let private typed items = Array.append [| Type |] (Rlp.list items)

    /// What the chain account signs: as it is, not as a personal message.
    let digest transaction : Bytes32 = Keccak.hash (typed (fields transaction))

    /// What is broadcast; its Keccak hash names the transaction. v is 27 or 28.
    let raw transaction (signature: Signature) : byte[] =
        let unsigned (bytes: Bytes32) = Rlp.number (Numerics.BigInteger(ReadOnlySpan(bytes.ToArray()), true, true))
        typed (fields transaction @ [ Rlp.number (bigint (int signature.V - 27)); unsigned signature.R; unsigned signature.S ])
