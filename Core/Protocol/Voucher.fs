namespace Nitro.Protocol

open Nitro.Kernel

/// A payer's promise: the total it has paid on a channel so far, never an increment.
[<Struct>]
type internal Voucher = { Channel: ChannelId; Total: Amount }

module internal Voucher =
    /// abi.encode(channelId, total): 64 bytes.
    let encode (voucher: Voucher) : byte[] =
        let writer = AbiWriter(2 * Abi.Word)
        writer.Bytes32 voucher.Channel.Value
        writer.Amount voucher.Total
        writer.Buffer

    /// What the payer signs (as a personal message, see Digest).
    let hash (voucher: Voucher) : Bytes32 = Keccak.hash (encode voucher)

    /// How VirtualPaymentApp wants a voucher in a candidate's app data: amount, v, r, s; 128 bytes.
    let appData (total: Amount) (signature: Signature) : byte[] =
        let writer = AbiWriter(4 * Abi.Word)
        writer.Amount total
        writer.UInt64(uint64 signature.V)
        writer.Bytes32 signature.R
        writer.Bytes32 signature.S
        writer.Buffer

    /// What `appData` gives, and nothing else.
    let tryAppData (bytes: byte[]) : struct (Amount * Signature) voption =
        let reader = AbiReader(System.ReadOnlyMemory bytes)
        let total = reader.Amount()
        let v = reader.UInt8()
        let r = reader.Bytes32()
        let s = reader.Bytes32()
        if reader.Complete then ValueSome(struct (total, { R = r; S = s; V = v })) else ValueNone
