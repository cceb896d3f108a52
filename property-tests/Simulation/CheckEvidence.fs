namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Each honest party holds, by itself, evidence worth at least its fair amount: what it put in, less what it signed away, plus
/// what it was given. Computed from the node's durable state alone; only what is fair is the world's knowledge.
module internal CheckEvidence =
    let private paidBy (terms: Terms) (seen: SeenState) =
        match Rules.virtualFinal terms.Opening seen.Variable with
        | Ok paid -> paid.Value
        | Error _ -> 0I

    /// What the payer of a channel has signed away for good, seen from `me`: the largest voucher, or the final state.
    let private signedAway (books: Books) me (channel: Channel) =
        let voucher = (books.Spent(me, channel.Terms.Id)).Value

        match Channel.ownFinal channel with
        | Some seen -> max voucher (paidBy channel.Terms seen)
        | None -> voucher

    /// What a payee was given: vouchers count from the complete post-fund on.
    let private received (books: Books) me (channel: Channel) =
        match Channel.completeFinal channel with
        | Some seen -> paidBy channel.Terms seen
        | None -> if Channel.isOpen channel then (books.Given(me, channel.Terms.Id)).Value else 0I

    /// What a payment channel has cost or brought, by what was signed.
    let private moved books me (channel: Channel) =
        match Terms.role channel.Terms with
        | Payer -> - (signedAway books me channel)
        | Payee -> received books me channel
        | Intermediary -> 0I

    let private carries (state: NodeState) ledger target =
        match NodeState.channel ledger state with
        | ValueSome { Ledger = ValueSome l } -> l.Agreed.Guarantees.ContainsKey target
        | _ -> false

    let private isSupported (channel: Channel) =
        (Channel.complete Turn.preFund channel).IsSome || Channel.isOpen channel || (Channel.completeFinal channel).IsSome

    /// The payment that the others could have the contracts believe, where it is worst for us. `isLeft`: on the payer's side of the guarantee.
    let private worstPaid (books: Books) (state: NodeState) me (channel: Channel) isLeft =
        let opening = channel.Terms.Opening

        match Channel.completeFinal channel, Terms.role channel.Terms with
        | Some seen, _ -> paidBy channel.Terms seen
        | None, Payer -> signedAway books me channel
        | None, Payee -> if Channel.isOpen channel then (channel.Payments |> ValueOption.map (fun p -> p.Best.Value) |> ValueOption.defaultValue 0I) else 0I
        | None, Intermediary ->
            let isMirrored =
                match NodeState.objective { Kind = VirtualFunding; Channel = channel.Terms.Id } state with
                | ValueSome record -> Goal.ledgers record.Goal |> List.forall (fun ledger -> carries state ledger channel.Terms.Id)
                | ValueNone -> false

            if isMirrored || not (books.HasSigned(me, channel.Terms.Id, Turn.postFund)) then 0I
            elif isLeft then opening.LeaderBalance.Value
            else 0I

    /// One of those that the payment channel's terms ask for. With another the contracts would not give what the channel says.
    let private isProper (terms: Terms) (guarantee: Guarantee) =
        [ 0 .. terms.Last - 1 ] |> List.exists (fun left -> Terms.guarantee terms left = guarantee)

    /// A guarantee's worth to us.
    let private worth books (state: NodeState) me (guarantee: Guarantee) =
        match NodeState.channel guarantee.Target state with
        | ValueSome channel when isSupported channel && isProper channel.Terms guarantee ->
            let isLeft = guarantee.Left = Destination.ofAddress me
            let paid = worstPaid books state me channel isLeft
            if isLeft then channel.Terms.Opening.LeaderBalance.Value - paid else channel.Terms.Opening.FollowerBalance.Value + paid
        | ValueSome _
        | ValueNone -> 0I

    /// What a ledger outcome would be worth to us.
    let ofOutcome books (state: NodeState) (channel: Channel) (outcome: LedgerOutcome) =
        let me = channel.Terms.Me
        let own = if Channel.isLeader channel then outcome.LeaderBalance else outcome.FollowerBalance
        let mutable sum = own.Value
        for KeyValue(_, guarantee) in outcome.Guarantees do sum <- sum + worth books state me guarantee
        sum

    /// The agreed outcome. A leader's signed proposals may be countersigned any time, and it could not prove that they are not;
    /// a follower holds the leader's signature on them, and may make the best of it with its own.
    let private ofLedger books state (channel: Channel) (ledger: LedgerChannel) =
        let choose = if Channel.isLeader channel then min else max
        let mutable chosen = ofOutcome books state channel ledger.Agreed

        for KeyValue(_, queued) in ledger.Queue do
            if queued.LeaderSignature.IsSome then chosen <- choose chosen (ofOutcome books state channel queued.After)

        chosen

    /// Fair amount and evidence of one channel of ours. `put`: what our account has put into it on the chain.
    let private ofChannel books state (put: ChannelId -> Amount) (channel: Channel) : struct (bigint * bigint) =
        let me = channel.Terms.Me

        if channel.Terms.IsLedger then
            match channel.Ledger with
            | ValueSome ledger -> struct ((Terms.ownShare channel.Terms).Value, ofLedger books state channel ledger)
            | ValueNone ->
                let deposited = (put channel.Terms.Id).Value
                struct (deposited, (if (Channel.complete Turn.preFund channel).IsSome then deposited else 0I))
        else
            struct (moved books me channel, 0I)

    /// By asset: the fair amount, and what the evidence is worth.
    let sums (books: Books) (put: ChannelId -> Amount) (state: NodeState) : Dictionary<Address, struct (bigint * bigint)> =
        let sums = Dictionary<Address, struct (bigint * bigint)>()

        for channel in state.Channels.Items.Values do
            let asset = channel.Terms.Opening.Asset
            let struct (fair, held) = match sums.TryGetValue asset with | true, sum -> sum | _ -> struct (0I, 0I)
            let struct (moreFair, moreHeld) = ofChannel books state put channel
            sums[asset] <- struct (fair + moreFair, held + moreHeld)

        sums

    /// Of that, what stands in channels that the contracts could not enforce: policy has allowed to lose it.
    let soft (books: Books) (asset: Address) (state: NodeState) : bigint =
        let mutable sum = 0I

        for channel in state.Channels.Items.Values do
            match channel.Ledger with
            | ValueSome ledger when channel.Terms.Opening.Asset = asset ->
                let outcomes = ledger.Agreed :: [ for queued in ledger.Queue.Values -> queued.After ]
                let guarantees = outcomes |> List.collect (fun outcome -> List.ofSeq outcome.Guarantees.Values) |> List.distinctBy (fun g -> g.Target)

                for guarantee in guarantees do
                    if NodeState.channel guarantee.Target state |> ValueOption.exists (fun c -> Terms.isUnenforceable c.Terms) then
                        sum <- sum + worth books state channel.Terms.Me guarantee
            | _ -> ()

        sum

    let check (books: Books) (put: ChannelId -> Amount) (state: NodeState) : string list =
        [ for KeyValue(asset, struct (fair, held)) in sums books put state do
              if held < fair then $"its evidence is worth {held} of asset {asset}, its fair amount is {fair}" ]

    /// The leader has signed a guarantee's removal: the follower's own signature is all that it takes.
    let private canRemove (channel: Channel) (ledger: LedgerChannel) target =
        let isSignedRemoval (queued: QueuedProposal) =
            match queued.Proposal with
            | Remove(id, _) -> id = target && queued.LeaderSignature.IsSome
            | Add _ -> false

        not (Channel.isLeader channel) && ledger.Queue.Values |> Seq.exists isSignedRemoval

    /// What may stand in channels that the contracts could not enforce, per ledger.
    let checkCap (settings: Settings) (state: NodeState) : string list =
        [ for channel in state.Channels.Items.Values do
              match channel.Ledger with
              | ValueSome ledger when not ledger.Agreed.Guarantees.IsEmpty ->
                  let isSoft target = NodeState.channel target state |> ValueOption.exists (fun c -> Terms.isUnenforceable c.Terms)
                  let soft = ledger.Agreed.Guarantees.Values |> Seq.filter (fun g -> isSoft g.Target && not (canRemove channel ledger g.Target)) |> Seq.sumBy (fun g -> g.Amount.Value)
                  let limit = Policy.unenforceableLimit settings.Policy channel.Terms.Opening.Asset
                  if soft > limit.Value then $"{soft} stands unenforceable in {channel.Terms.Id}, allowed is {limit}"
              | _ -> () ]
