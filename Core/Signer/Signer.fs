namespace Nitro.Signer

open Nitro.Kernel
open Nitro.Protocol

/// The answer to one request. The marks must be durable before the signature leaves.
type internal Verdict =
    | Approve of digest: Bytes32
    | Refuse of tag: string

/// The signer's own decision, blind to the node's state. `lookup` gives a channel's marks; the result names every changed one.
module internal Signer =
    let private state (lookup: ChannelId -> ChannelMarks) (fixedPart: FixedPart) (variable: VariablePart) undoes payload =
        let channel = FixedPart.channelId fixedPart
        let marks = lookup channel
        let hash = Payload.hash payload
        let approve changed = changed, Approve(Digest.personal hash)

        match marks.Signed.TryFind variable.Turn with
        | Some signed when signed = hash -> approve []
        | Some _ -> [], Refuse "policy-state-one-per-turn"
        | None when variable.Turn < marks.Floor -> [], Refuse "policy-state-turn-forgotten"
        | None when marks.PostFundBarred && variable.Turn = Turn.postFund -> [], Refuse "policy-state-postfund-barred"
        | None when marks.Final -> [], Refuse "policy-state-after-final"
        | None ->
            let own = channel, Marks.withState variable.Turn hash variable.IsFinal marks

            match undoes with
            | ValueNone -> approve [ own ]
            | ValueSome target ->
                let targetMarks = lookup target

                if targetMarks.Signed.ContainsKey Turn.postFund then [], Refuse "policy-undo-after-postfund"
                else approve [ own; target, { targetMarks with PostFundBarred = true } ]

    let private voucher (lookup: ChannelId -> ChannelMarks) (voucher: Voucher) payload =
        let marks = lookup voucher.Channel

        if voucher.Total < marks.VoucherTotal then [], Refuse "policy-voucher-monotonic"
        elif voucher.Total = marks.VoucherTotal && not voucher.Total.IsZero then [], Approve(Payload.digest payload)
        elif voucher.Total.IsZero then [], Refuse "policy-voucher-positive"
        elif marks.Final then [], Refuse "policy-voucher-after-final"
        else [ voucher.Channel, { marks with VoucherTotal = voucher.Total } ], Approve(Payload.digest payload)

    /// Idempotent by content: the same payload gets the same verdict and changes nothing.
    let step lookup (payload: Payload) : (ChannelId * ChannelMarks) list * Verdict =
        match payload with
        | StatePayload(fixedPart, variable, undoes) -> state lookup fixedPart variable undoes payload
        | VoucherPayload v -> voucher lookup v payload
