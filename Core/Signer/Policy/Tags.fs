namespace Nitro.Signer.Policy

/// What a failing rule does. `Warn`: the answer names it, and it is counted.
[<Struct>]
type internal Mode =
    | Enforce
    | Warn
    | Off

/// How far configuration may weaken a rule.
[<Struct>]
type internal Strength =
    /// Always enforced.
    | Firm
    /// Enforced, or warned of.
    | Lenient
    /// May also be switched off.
    | Optional

/// A rule's name for people and peers, and what the owner would lose without it.
type internal Tag =
    { Name: string
      Strength: Strength
      Why: string }

/// Every tag there is, in the order of evaluation (reference, section 8.3).
module internal Tags =
    let private tag strength name why = { Name = name; Strength = strength; Why = why }
    let channelKnown = tag Firm "channel-known" "no signature in an unknown context"
    let stateAnchored = tag Firm "state-anchored" "a rolled-back or forked signer would contradict itself; only reading and learning goes on"
    let contractsPinned = tag Firm "contracts-pinned" "what is signed for one chain and adjudicator counts on every other"
    let counts = tag Lenient "counts" "memory is bounded"
    let nonceUnique = tag Firm "channel-nonce-unique" "a channel id used again makes its old states valid again"
    let channelParams = tag Firm "channel-params" "a hostile application or a one-second challenge takes everything"
    let idempotentResign = tag Firm "idempotent-resign" "an answer that was lost is given again, and nothing else happens"
    let noDoubleSign = tag Firm "no-double-sign" "of two states of one turn the counterparty picks"
    let turnIncreasing = tag Firm "turn-increasing" "an older turn could revive a worse state"
    let turnGap = tag Firm "turn-gap" "skipped turns strand honest progress"
    let finalLocks = tag Firm "final-locks" "after a final state nothing counts any more"
    let postFundBarred = tag Firm "postfund-barred" "a guarantee that was given back backs nothing"
    let postFundAfterDeposit = tag Lenient "postfund-after-deposit" "the post-fund is the promise that the money is there"
    let runningAfterPostFund = tag Lenient "running-after-postfund" "before every post-fund the channel is not running"
    let outcomeConserved = tag Firm "outcome-conserved" "an outcome that makes or burns money cannot be paid out"
    let finalOnApprovedClose = tag Lenient "final-on-approved-close" "closing is the owner's decision"
    let guaranteesByProposal = tag Lenient "guarantees-by-proposal-only" "a smuggled guarantee moves money out of view"
    let balanceNotLowered = tag Firm "balance-not-lowered" "the theft rule: no state gives away what was not approved"
    let exitDestination = tag Lenient "exit-destination" "money redirected is money lost"
    let ledgerOnly = tag Lenient "ledger-only" "proposals exist on ledgers only"
    let turnNext = tag Lenient "turn-next" "a proposal continues the signer's own copy"
    let guaranteeTargetKnown = tag Lenient "guarantee-target-known" "money for a stranger's channel never comes back"
    let guaranteeUnique = tag Lenient "guarantee-unique" "one channel is guaranteed once"
    let guaranteeCount = tag Lenient "guarantee-count" "too large an outcome cannot be defended within the gas limit"
    let guaranteeAmount = tag Lenient "guarantee-amount" "a guarantee of another total cannot be reclaimed"
    let guaranteeMyDeposit = tag Lenient "guarantee-my-deposit" "our part is what was agreed, no more"
    let guaranteeFunds = tag Lenient "guarantee-funds" "both sides have what they put in"
    let guaranteeAfterPreFund = tag Lenient "guarantee-after-prefund" "money locked before all have agreed could stay locked"
    let intermediaryBalanced = tag Lenient "intermediary-balanced" "who pays on one side must be paid on the other"
    let guaranteePresent = tag Lenient "guarantee-present" "what is not there cannot be removed"
    let removeAfterFinal = tag Lenient "remove-after-final" "removed early, the payment is dropped"
    let removeAmount = tag Lenient "remove-amount" "the split is the final outcome's"
    let voucherChannel = tag Lenient "voucher-channel" "vouchers exist on payment channels only"
    let voucherPayerOnly = tag Lenient "voucher-payer-only" "only the payer pays"
    let voucherIncreasing = tag Firm "voucher-increasing" "a lower voucher shows a rolled-back state"
    let voucherCap = tag Lenient "voucher-cap" "a promise without backing"
    let voucherApproved = tag Lenient "voucher-approved" "a payment needs an approval or a budget"
    let voucherRedeemBest = tag Lenient "voucher-redeem-best" "the host could hide a voucher"
    let challengeLatestOnly = tag Firm "challenge-latest-only" "a challenge with an old state loses money"
    let txChain = tag Firm "tx-chain" "no transaction for another chain"
    let txNoCreate = tag Firm "tx-no-create" "the account deploys nothing"
    let txTarget = tag Firm "tx-target" "calls go to the adjudicator or a known token"
    let txSelector = tag Firm "tx-selector" "only calls that the signer understands to the last byte"
    let txChannel = tag Lenient "tx-channel" "no money into an unknown channel"
    let txValue = tag Lenient "tx-value" "coins go with a deposit of coins, and only as many"
    let depositAfterPreFund = tag Lenient "deposit-after-prefund" "a deposit without every pre-fund has no way out"
    let depositAmount = tag Lenient "deposit-amount" "our share once, not twice"
    let depositOrder = tag Lenient "deposit-order" "what is paid out before ours must be there first"
    let txSpender = tag Lenient "tx-spender" "only the adjudicator may fetch tokens"
    let txCap = tag Lenient "tx-cap" "an unlimited approval drains the account"
    let txFee = tag Lenient "tx-fee" "fees drain by many calls, so the sum counts"
    let txNonce = tag Lenient "tx-nonce" "one effect a nonce"
    let velocity = tag Optional "velocity" "bounds every other failure in time"
    let payeeAllowlist = tag Optional "payee-allowlist" "money goes to known parties"
    let approvalFresh = tag Firm "approval-fresh" "a replayed or forged approval is the host's own"
    let depositObserved = tag Lenient "deposit-observed" "a sighting never goes back in time"
    let peerSignature = tag Firm "peer-signature" "what a peer signed is recovered, not believed"
    let voucherSignature = tag Firm "voucher-signature" "only the payer's own voucher within its means counts"
    let recordOwn = tag Firm "record-own" "a record under our name that leads to somebody else"
    let recordTime = tag Firm "record-time" "a record from the future hides us from peers until then"
    let closeFinished = tag Lenient "close-finished" "a channel that still backs money is not forgotten"

    let all =
        [ stateAnchored; contractsPinned; channelKnown; nonceUnique; channelParams; idempotentResign; noDoubleSign; turnIncreasing; turnGap; finalLocks
          postFundBarred; postFundAfterDeposit; runningAfterPostFund; outcomeConserved; finalOnApprovedClose; guaranteesByProposal
          balanceNotLowered; exitDestination; ledgerOnly; turnNext; guaranteeTargetKnown; guaranteeUnique; guaranteeCount
          guaranteeAmount; guaranteeMyDeposit; guaranteeFunds; guaranteeAfterPreFund; intermediaryBalanced; guaranteePresent
          removeAfterFinal; removeAmount; voucherChannel; voucherPayerOnly; voucherIncreasing; voucherCap; voucherApproved
          voucherRedeemBest; challengeLatestOnly; txChain; txNoCreate; txTarget; txSelector; txChannel; txValue; depositAfterPreFund
          depositAmount; depositOrder; txSpender; txCap; txFee; txNonce; velocity; payeeAllowlist; approvalFresh; depositObserved
          peerSignature; voucherSignature; recordOwn; recordTime; closeFinished; counts ]

    let tryFind name = all |> List.tryFind (fun tag -> tag.Name = name)

/// A mode for each tag that is not simply enforced. Made only by `tryCreate`, so a firm rule cannot be weakened.
type internal Modes = private { Weakened: Map<string, Mode> }

module internal Modes =
    let enforceAll = { Weakened = Map.empty }

    let private allowed (tag: Tag) mode =
        match mode, tag.Strength with
        | Enforce, (Firm | Lenient | Optional)
        | Warn, (Lenient | Optional)
        | Off, Optional -> true
        | Warn, Firm
        | Off, (Firm | Lenient) -> false

    let tryCreate (chosen: (string * Mode) list) : Result<Modes, string> =
        let judge (name, mode) =
            match Tags.tryFind name with
            | None -> Some $"{name}: no such rule"
            | Some tag when allowed tag mode -> None
            | Some _ -> Some $"{name}: may not be weakened so far"

        match chosen |> List.tryPick judge with
        | Some error -> Error error
        | None -> Ok { Weakened = chosen |> List.filter (fun (_, mode) -> mode <> Enforce) |> Map.ofList }

    let ofTag (tag: Tag) (modes: Modes) = modes.Weakened.TryFind tag.Name |> Option.defaultValue Enforce
    let toList (modes: Modes) = Map.toList modes.Weakened
