namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What an API caller's command leads to.
module internal DecideAsked =
    let private problem code tag message next =
        Failed
            { Code = code
              Message = message
              Tag = tag
              Next = next }

    let private refused tag message next = problem -32603 tag message next
    let private invalid tag message next = problem -32602 tag message next

    let private busy =
        refused "busy" "the node has as many objectives open as it allows" "wait until some have ended, then ask again"

    let private unknownChannel (id: ChannelId) =
        refused
            "unknown-channel"
            $"channel not registered: channelId {id}: store: could not load vouchers"
            "list the payment channels of your ledgers with get_payment_channels_by_ledger"

    let private ledgerNotFound (id: ChannelId) =
        refused
            "unknown-channel"
            $"could not find channel {id}; store: failed to find required channel data"
            "list the open ledgers with get_all_ledger_channels"

    let private mayBeStale =
        refused
            "may-be-stale"
            "the node's journal was restored from an older copy, and the other side has not said yet what it holds of this channel"
            "wait until the peer is connected and has answered: the channel is no longer shown as MayBeStale then"

    let private duration (settings: Settings) requested = if requested = 0u then settings.DefaultChallengeDuration else requested

    /// A channel of these participants and this nonce exists or has existed: its states must not be signed anew.
    let private isUsed (turning: Turning) (terms: Terms) =
        (NodeState.channel terms.Id turning.State).IsSome || NodeState.isForgotten terms.Id turning.State

    let private nonceUsed = refused "nonce-used" "a channel with these participants and this nonce exists already" "ask again with another nonce"

    let private start (turning: Turning) request content goal deadline =
        turning.AddAll
            [ ObjectiveOpened(goal, OwnRequest, deadline)
              GoalApproved(Goal.id goal)
              RequestBound(request, content, Goal.id goal) ]

        turning.Reply(request, ObjectiveStarted(Goal.id goal))

    let private createLedger (turning: Turning) request content counterparty seconds outcome nonce =
        let settings = turning.Settings

        let fixedPart =
            { Participants = [ settings.Me; counterparty ]
              Nonce = nonce
              App = settings.ConsensusApp
              ChallengeDuration = duration settings seconds }

        match Opening.ledgerTerms settings fixedPart outcome with
        | Error reason -> turning.Reply(request, invalid "bad-outcome" reason "correct the outcome or the counterparty")
        | Ok terms ->
            match Opening.ledger settings turning.State terms with
            | _ when isUsed turning terms -> turning.Reply(request, nonceUsed)
            | Error reason -> turning.Reply(request, refused "ledger-exists" reason "use or close the ledger that exists")
            | Ok() when turning.State.OpenCount >= settings.Limits.OpenObjectives -> turning.Reply(request, busy)
            | Ok() ->
                turning.Add(ChannelAdded terms)
                start turning request content (DirectFund terms.Id) ValueNone

    let private closeLedger (turning: Turning) request content id =
        match NodeState.channel id turning.State with
        | ValueSome({ Ledger = ValueSome ledger } as channel) ->
            let goal = DirectDefund id

            if (NodeState.openObjective (Goal.id goal) turning.State).IsSome then
                turning.Reply(request, refused "channel-closing" $"the ledger is closing already: {Goal.id goal}" "wait for objective_completed")
            elif turning.IsAwaited channel then
                turning.Reply(request, mayBeStale)
            elif not (LedgerChannel.isFree ledger) || not (LedgerChannel.isIdle ledger) then
                turning.Reply(
                    request,
                    refused "running-guarantees" "ledger channel has running guarantees" "close its payment channels first"
                )
            else
                match NodeState.objective (Goal.id goal) turning.State with
                | ValueSome { Ending = ValueSome Completed } -> turning.Reply(request, ledgerNotFound id)
                | _ -> start turning request content goal ValueNone
        | _ -> turning.Reply(request, ledgerNotFound id)

    let private dialectOfCarrier (turning: Turning) next (outcome: Outcome) =
        let asset = match outcome with exit :: _ -> exit.Asset | [] -> Address.zero

        match NodeState.ledgerWith next asset turning.State with
        | ValueSome channel -> channel.Terms.Dialect
        | ValueNone -> turning.Settings.DialectOf next

    let private createPayment (turning: Turning) request content intermediaries counterparty seconds outcome nonce =
        let settings = turning.Settings
        let others = intermediaries @ [ counterparty ]

        let fixedPart =
            { Participants = settings.Me :: others
              Nonce = nonce
              App = (match dialectOfCarrier turning (List.head others) outcome with Nitro -> settings.VirtualApp | GoNitro -> Address.zero)
              ChallengeDuration = duration settings seconds }

        match Opening.virtualTerms settings fixedPart outcome with
        | Error reason -> turning.Reply(request, invalid "bad-outcome" reason "correct the outcome or the participants")
        | Ok terms ->
            match Opening.virtualLedgers settings turning.State terms with
            | _ when isUsed turning terms -> turning.Reply(request, nonceUsed)
            | Error reason ->
                turning.Reply(request, refused "no-ledger" reason "open or top up a ledger with the first participant, or ask for less")
            | Ok _ when turning.State.OpenCount >= settings.Limits.OpenObjectives -> turning.Reply(request, busy)
            | Ok(struct (left, right)) ->
                turning.Add(ChannelAdded terms)
                let deadline = turning.At.PlusSeconds settings.Limits.OpeningSeconds
                start turning request content (VirtualFund(terms.Id, left, right)) (ValueSome deadline)

    let private fundingOf id (state: NodeState) = NodeState.objective { Kind = VirtualFunding; Channel = id } state

    let private closePayment (turning: Turning) request content id =
        match NodeState.channel id turning.State, fundingOf id turning.State with
        | ValueSome channel, ValueSome({ Goal = VirtualFund(_, left, right) } as funding) when not channel.Terms.IsLedger ->
            let goal = VirtualDefund(id, left, right)

            match NodeState.objective (Goal.id goal) turning.State, funding.Ending with
            | ValueSome { Ending = ValueNone }, _ ->
                turning.Reply(request, refused "channel-closing" $"the channel is closing already: {Goal.id goal}" "wait for objective_completed")
            | ValueSome { Ending = ValueSome Completed }, _ ->
                turning.Reply(request, refused "channel-closed" $"the channel is closed already: {Goal.id goal}" "nothing is left to do")
            | _, ValueSome(Rejected reason) ->
                turning.Reply(request, refused "channel-never-opened" $"the channel was never opened: {reason}" "nothing is left to do")
            | _, ValueNone when not (Channel.isOpen channel) ->
                turning.Reply(
                    request,
                    refused "channel-opening" "the channel is still opening" $"wait, or call reject_objective for {Goal.id funding.Goal}"
                )
            | _ when channel.Terms.MyIndex = 0 && turning.IsAwaited channel -> turning.Reply(request, mayBeStale)
            | _ -> start turning request content goal ValueNone
        | _ ->
            turning.Reply(
                request,
                refused "unknown-channel" $"could not find channel {id}" "list the payment channels of your ledgers with get_payment_channels_by_ledger"
            )

    let private isClosing id (state: NodeState) =
        match NodeState.objective { Kind = VirtualDefunding; Channel = id } state with
        | ValueSome { Ending = ValueSome(Rejected _) } -> false
        | ValueSome _ -> true
        | ValueNone -> false

    let private pay (turning: Turning) request content id amount kind =
        match NodeState.channel id turning.State with
        | ValueSome({ Payments = ValueSome payments } as channel) ->
            match Payments.checkPay amount payments with
            | _ when amount.IsZero -> turning.Reply(request, invalid "bad-amount" "Invalid params" "the amount must be positive")
            | Error reason -> turning.Reply(request, refused "cannot-pay" reason "see get_payment_channel for what remains")
            | Ok _ when isClosing id turning.State || (Channel.ownFinal channel).IsSome ->
                turning.Reply(request, refused "channel-closing" "channel-closing: no payment is accepted any more" "open another payment channel")
            | Ok _ when not (Channel.isOpen channel) ->
                turning.Reply(request, refused "channel-not-open" "the payment channel is not open yet" "wait for objective_completed of its VirtualFund")
            | Ok _ when NodeState.isStale channel turning.State -> turning.Reply(request, mayBeStale)
            | Ok _ when payments.PendingCount >= turning.Settings.Limits.PendingPaymentsPerChannel -> turning.Reply(request, busy)
            | Ok _ -> turning.Add(PaymentReserved(request, content, id, amount, kind))
        | _ -> turning.Reply(request, unknownChannel id)

    let private receive (turning: Turning) request (voucher: Voucher) signature signer =
        match NodeState.channel voucher.Channel turning.State with
        | ValueSome({ Payments = ValueSome payments } as channel) ->
            match Payments.checkReceive voucher signer payments with
            | Error reason -> turning.Reply(request, refused "bad-voucher" reason "ask the payer for a voucher of this channel")
            | Ok _ when not (Channel.isOpen channel) ->
                turning.Reply(request, refused "channel-not-open" "the payment channel is not open yet" "present the voucher again once it is")
            | Ok _ when NodeState.isFinalOut channel turning.State ->
                turning.Reply(request, refused "channel-closing" "channel-closing: no voucher counts any more" "ask the payer for another channel")
            | Ok delta ->
                if not delta.IsZero then turning.Add(VoucherReceived(voucher.Channel, voucher.Total, signature))
                turning.Reply(request, VoucherCounted(Amount.max payments.Best voucher.Total, delta))
        | _ -> turning.Reply(request, unknownChannel voucher.Channel)

    let private unknownObjective (id: ObjectiveId) =
        refused "unknown-objective" $"no open objective {id}" "list them with get_objectives"

    let private approve (turning: Turning) request id =
        match NodeState.openObjective id turning.State with
        | ValueSome record when record.Approved -> turning.Reply(request, Acknowledged)
        | ValueSome record ->
            let stillBearable =
                match record.Goal, NodeState.channel id.Channel turning.State with
                | VirtualFund(_, left, right), ValueSome channel ->
                    match Opening.virtualLedgers turning.Settings turning.State channel.Terms with
                    | Ok ledgers when ledgers = struct (left, right) -> Ok()
                    | Ok _ -> Error "a ledger that was to carry it has been closed"
                    | Error reason -> Error reason
                | _ -> Ok()

            match stillBearable with
            | Ok() ->
                turning.Add(GoalApproved id)
                turning.Reply(request, Acknowledged)
            | Error reason -> turning.Reply(request, refused "capacity" reason "reject the objective, or make room in the ledger")
        | ValueNone -> turning.Reply(request, unknownObjective id)

    let private reject (turning: Turning) request (id: ObjectiveId) reason =
        let isClosing =
            match id.Kind, NodeState.channel id.Channel turning.State with
            | (DirectDefunding | VirtualDefunding), ValueSome channel -> NodeState.isFinalOut channel turning.State
            | (DirectFunding | VirtualFunding), _
            | _, ValueNone -> false

        match NodeState.openObjective id turning.State with
        | ValueNone -> turning.Reply(request, unknownObjective id)
        | ValueSome _ when isClosing ->
            turning.Reply(request, refused "too-late" "the final state is signed already" "wait for objective_completed")
        | ValueSome _ ->
            Undo.abandon turning id (if reason = "" then "rejected by the operator" else reason) true

            match NodeState.openObjective id turning.State with
            | ValueSome { Undoing = ValueNone } ->
                turning.Reply(request, refused "too-late" "the objective has gone too far to be rejected" "wait for it, then close the channel")
            | _ -> turning.Reply(request, Acknowledged)

    let private answerOf (state: NodeState) (record: RequestRecord) =
        match record.Result with
        | Bound objective -> ValueSome(ObjectiveStarted objective)
        | PaymentFailed(_, tag) -> ValueSome(refused tag $"the signer refused this payment: {tag}" "see the signer's policy")
        | Payment(id, amount, total, Sent, _) ->
            match NodeState.channel id state with
            | ValueSome { Payments = ValueSome payments } when payments.Issued >= total -> ValueSome(Paid(id, amount))
            // Closed long ago, and no channel closes before its payments are made.
            | ValueNone -> ValueSome(Paid(id, amount))
            | _ -> ValueNone
        | Payment(id, _, total, HandedOut, ValueSome signature) -> ValueSome(VoucherMade({ Channel = id; Total = total }, signature))
        | Payment(_, _, _, HandedOut, ValueNone) -> ValueNone

    /// A request known by its id is answered again, or goes on waiting; one with the same id and other contents is refused.
    let decide (turning: Turning) request content command =
        match Table.tryFind request turning.State.Requests with
        | ValueSome record when record.Content <> content ->
            turning.Reply(
                request,
                invalid "request-id-reused" "requestId was used before with another method or payload" "use a fresh requestId for each request"
            )
        | ValueSome record -> answerOf turning.State record |> ValueOption.iter (fun answer -> turning.Reply(request, answer))
        | ValueNone ->
            match command with
            | CreateLedger(counterparty, seconds, outcome, nonce) -> createLedger turning request content counterparty seconds outcome nonce
            | CloseLedger id -> closeLedger turning request content id
            | CreatePaymentChannel(intermediaries, counterparty, seconds, outcome, nonce) ->
                createPayment turning request content intermediaries counterparty seconds outcome nonce
            | ClosePaymentChannel id -> closePayment turning request content id
            | Pay(id, amount, kind) -> pay turning request content id amount kind
            | ReceiveVoucher(voucher, signature, signer) -> receive turning request voucher signature signer
            | ApproveObjective id -> approve turning request id
            | RejectObjective(id, reason) -> reject turning request id reason
