namespace Nitro.Protocol

open Nitro.Kernel

/// Everything a channel key signs of channels. Digests are computed here and nowhere else.
type internal Payload =
    | StatePayload of fixedPart: FixedPart * variable: VariablePart
    | VoucherPayload of Voucher

module internal Payload =
    /// The 32 bytes that the payload stands for (state hash, voucher hash).
    let hash payload =
        match payload with
        | StatePayload(fixedPart, variable) -> State.hash (FixedPart.channelId fixedPart) variable
        | VoucherPayload voucher -> Voucher.hash voucher

    /// What the curve signs: the hash as an Ethereum personal message.
    let digest payload = Digest.personal (hash payload)
