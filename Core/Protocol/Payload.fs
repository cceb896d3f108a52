namespace Nitro.Protocol

open Nitro.Kernel

/// Everything a channel key may ever be asked to sign. Digests are computed here and nowhere else.
type internal Payload =
    /// A state of a channel. `Undoes`: this ledger state takes back a half-open virtual channel's guarantee,
    /// after which that channel's post-fund must never be signed.
    | StatePayload of fixedPart: FixedPart * variable: VariablePart * undoes: ChannelId voption
    | VoucherPayload of Voucher

module internal Payload =
    /// The 32 bytes that the payload stands for (state hash, voucher hash).
    let hash payload =
        match payload with
        | StatePayload(fixedPart, variable, _) -> State.hash (FixedPart.channelId fixedPart) variable
        | VoucherPayload voucher -> Voucher.hash voucher

    /// What the curve signs: the hash as an Ethereum personal message.
    let digest payload = Digest.personal (hash payload)
