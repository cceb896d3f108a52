namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What signers, links and the chain report of effects, and what the chain shows by itself.
module internal DecideOutcome =
    let private unfinished (turning: Turning) effect = Outbox.tryFind effect turning.State.Outbox

    // Signer

    let private signedUpdate (turning: Turning) ledger turn signature =
        match NodeState.channel ledger turning.State with
        | ValueSome channel when Channel.isLeader channel -> turning.Add(ProposalSigned(ledger, turn, signature))
        | ValueSome channel ->
            turning.Add(ProposalAgreed(ledger, turn, signature))
            Promise.tell turning (Channel.counterparty channel) (AgreementOf(ledger, turn))
        | ValueNone -> ()

    let private signed (turning: Turning) signing signature =
        match signing with
        | OwnState(id, turn, hash) ->
            (match NodeState.channel id turning.State with
             | ValueSome channel -> turning.Add(StateSigned(id, turn, hash, channel.Terms.MyIndex, signature))
             | ValueNone -> ())
        | LedgerUpdate(ledger, turn, _) -> signedUpdate turning ledger turn signature
        | PaymentVoucher(id, total) -> turning.Add(VoucherIssued(id, total, signature))

    let private abandonAll (turning: Turning) id tag =
        for kind in [ DirectFunding; DirectDefunding; VirtualFunding ] do
            Undo.abandon turning { Kind = kind; Channel = id } tag true

        // The way out of a half-open channel is not given up: what was refused is asked for again.
        if (NodeState.openObjective { Kind = VirtualFunding; Channel = id } turning.State).IsNone then
            Undo.abandon turning { Kind = VirtualDefunding; Channel = id } tag true

    /// A ledger of ours in which this proposal may have the turn that something else was refused for, and the state that it makes.
    let private fitting (turning: Turning) id turn proposal =
        match NodeState.channel id turning.State with
        | ValueSome({ Ledger = ValueSome ledger } as channel) when Channel.isLeader channel ->
            let without = LedgerChannel.drop turn ledger

            match Ledger.apply proposal (LedgerChannel.proposed without) with
            | Ok after when turn = LedgerChannel.lastTurn without + 1UL ->
                ValueSome(struct (channel, State.hash id (Ledger.toVariable channel.Terms.Dialect turn false after)))
            | Ok _
            | Error _ -> ValueNone
        | _ -> ValueNone

    /// The turn is for something else. What an objective wanted it asks for again; what takes back an opening that is over nobody else would.
    let private makeWay (turning: Turning) (channel: Channel) turn =
        let isOver target =
            match NodeState.objective { Kind = VirtualFunding; Channel = target } turning.State with
            | ValueSome { Ending = ValueSome(Rejected _) } -> (NodeState.openObjective { Kind = VirtualDefunding; Channel = target } turning.State).IsNone
            | ValueSome _
            | ValueNone -> false

        match channel.Ledger |> ValueOption.bind (fun ledger -> ledger.Queue.TryFind turn |> ValueOption.ofOption) with
        | ValueSome queued ->
            turning.Add(ProposalDropped(channel.Terms.Id, turn))

            match queued.Proposal with
            | Remove(target, _) as removal when isOver target -> turning.Add(ProposalWanted(channel.Terms.Id, removal))
            | Remove _
            | Add _ -> ()
        | ValueNone -> ()

    /// Our journal has lost a proposal that it had signed: it takes its turn again, and what was to have the turn comes after it.
    let private proposeAgain (turning: Turning) (channel: Channel) turn (proposal: Proposal) hash =
        let id = channel.Terms.Id
        makeWay turning channel turn
        turning.Add(ProposalQueued(id, turn, proposal, hash))
        Promise.sign turning (LedgerUpdate(id, turn, hash))
        let funding = NodeState.objective { Kind = VirtualFunding; Channel = proposal.Target } turning.State

        match proposal, NodeState.channel proposal.Target turning.State, funding with
        // The follower had to know what it is for.
        | _, ValueNone, _ -> turning.Add(ChannelDoubted(proposal.Target, Channel.counterparty channel))
        // It has been turned down since, as if it were new.
        | Add _, ValueSome target, ValueSome { Ending = ValueSome(Rejected _) } -> turning.Add(ProposalWanted(id, Channel.givingBack target))
        | _ -> ()

    /// What was refused waits its time, and then finds what was lost in its place. False: nothing fits.
    let private takenUp (turning: Turning) effect signing tag before =
        let propose id turn proposal =
            match fitting turning id turn proposal with
            | ValueSome(struct (channel, hash)) ->
                turning.Add(IntentFinished(effect, Refused tag))
                proposeAgain turning channel turn proposal hash
                true
            | ValueNone -> false

        match signing, before with
        | (LedgerUpdate(id, turn, _) | OwnState(id, turn, _)), ValueSome(ProposalBefore(at, proposal)) when at = turn -> propose id turn proposal
        | OwnState(id, turn, _), ValueSome(StateBefore variable) when turn = variable.Turn && variable.IsFinal ->
            match NodeState.channel id turning.State with
            | ValueSome channel when (Channel.ownFinal channel).IsNone && (Rules.virtualFinal channel.Terms.Opening variable).IsOk ->
                turning.Add(IntentFinished(effect, Refused tag))
                turning.Add(StateSeen(id, variable))
                Promise.sign turning (OwnState(id, turn, State.hash id variable))
                true
            | ValueSome _
            | ValueNone -> false
        | _ -> false

    /// The signer's word for a channel that it knows nothing of, or no more.
    let private putAway = "channel-known"

    let private declined (turning: Turning) effect signing tag =
        let targetOf ledger turn =
            match NodeState.channel ledger turning.State with
            | ValueSome { Ledger = ValueSome l } -> l.Queue.TryFind turn |> Option.map (fun queued -> queued.Proposal.Target)
            | _ -> None

        match signing with
        | OwnState(id, turn, _) ->
            turning.Add(IntentFinished(effect, Refused tag))

            if turn = Turn.virtualFinal && tag = putAway && TakingOver.isOver turning id then
                turning.Add(ObjectiveEnded({ Kind = VirtualDefunding; Channel = id }, Completed))
            else
                abandonAll turning id tag
        | LedgerUpdate(ledger, turn, _) ->
            let target = targetOf ledger turn
            turning.Add(IntentFinished(effect, Refused tag))

            match NodeState.channel ledger turning.State with
            | ValueSome channel when Channel.isLeader channel -> turning.Add(ProposalDropped(ledger, turn))
            | _ -> ()

            target |> Option.iter (fun id -> abandonAll turning id tag)
        | PaymentVoucher(id, total) ->
            turning.Add(IntentFinished(effect, Refused tag))

            match NodeState.channel id turning.State with
            | ValueSome { Payments = ValueSome payments } ->
                for pending in Payments.covered total payments do
                    turning.Add(PaymentRefused(pending.Request, id, tag))
            | _ -> ()

    let signerReplied (turning: Turning) (replies: (EffectId * SignerVerdict) list) =
        for effect, verdict in replies do
            match unfinished turning effect, verdict with
            | ValueSome(SignPayload signing), Signed signature -> signed turning signing signature
            | ValueSome(SignPayload signing), Declined(tag, before) ->
                if not (takenUp turning effect signing tag before) then declined turning effect signing tag
            | _ -> ()

    // Link

    let peerTook (turning: Turning) effect =
        match unfinished turning effect with
        | ValueSome(Tell _) -> turning.Add(IntentFinished(effect, Kept))
        | _ -> ()

    let peerRefused (turning: Turning) effect code =
        match unfinished turning effect with
        | ValueSome(Tell _) -> turning.Add(IntentFinished(effect, Refused code))
        | _ -> ()

    let peerSeen (turning: Turning) address =
        Standing.askLedgers turning address
        let record = NodeState.peer address turning.State

        if record.RetellAt.IsSome then
            turning.Add(Woken(Retelling address))
            Standing.ask turning address

    // Chain

    /// The promise to deposit is over once the holdings are no longer what it expected.
    let private finishDeposit (turning: Turning) id held =
        match Table.tryFind (HoldingsSlot id) turning.State.Outbox.Slots with
        | ValueSome effect ->
            (match unfinished turning (EffectId effect) with
             | ValueSome(SubmitCall(Deposit(_, expected, _))) when expected <> held -> turning.Add(IntentFinished(EffectId effect, Kept))
             | _ -> ())
        | ValueNone -> ()

    let private finishIntent (turning: Turning) intent =
        match Table.tryFind intent turning.State.Outbox.Keys with
        | ValueSome effect -> turning.Add(IntentFinished(EffectId effect, Kept))
        | ValueNone -> ()

    let private watched (turning: Turning) id (position: ChainPosition) =
        match NodeState.channel id turning.State with
        | ValueSome channel when channel.Terms.IsLedger && ChainPosition.isAfter channel.Chain.HeldAt position -> ValueSome channel
        | _ -> ValueNone

    let chainShowed (turning: Turning) notice position =
        match notice with
        | Deposited(id, asset, held) ->
            (match watched turning id position with
             | ValueSome channel when channel.Terms.Opening.Asset = asset ->
                 turning.Add(HoldingsObserved(id, held, position))
                 finishDeposit turning id held
             | _ -> ())
        | PaidOut(id, assetIndex, before, after) ->
            // Payouts add up, so they have an order of their own: a reading may have come in between.
            (match NodeState.channel id turning.State with
             | ValueSome channel when channel.Terms.IsLedger && assetIndex = 0 && ChainPosition.isAfter channel.Chain.PaidAt position ->
                 turning.Add(PayoutObserved(id, Amount.lacking before after, after, position))

                 if Amount.addSaturated channel.Chain.PaidOut (Amount.lacking before after) >= channel.Terms.Total then
                     finishIntent turning (SubmitCall(ConcludeAndTransfer id))
             | _ -> ())
        | HoldingsRead(effect, held) ->
            match unfinished turning effect with
            | ValueSome(SubmitCall(ReadHoldings id)) ->
                let isStale = NodeState.channel id turning.State |> ValueOption.exists (fun c -> ChainPosition.isAfter position c.Chain.HeldAt)

                if not isStale then
                    turning.Add(HoldingsObserved(id, held, position))
                    finishDeposit turning id held

                // Still in doubt: the next reading waits its time.
                let isDoubtful = NodeState.channel id turning.State |> ValueOption.exists (fun c -> c.Chain.Doubtful)
                turning.Add(IntentFinished(effect, (if isDoubtful then Refused "holdings-missing" else Kept)))
            | _ -> ()

    let chainRetracted (turning: Turning) height =
        for channel in turning.State.Channels.Items.Values |> Seq.toArray do
            let isOver =
                match NodeState.objective { Kind = DirectDefunding; Channel = channel.Terms.Id } turning.State with
                | ValueSome { Ending = ValueSome Completed } -> true
                | _ -> false

            if channel.Terms.IsLedger && not isOver && channel.Chain.HeldAt.Height >= height && channel.Chain.HeldAt.Height > 0UL && height > 0UL then
                turning.Add(HoldingsDoubted(channel.Terms.Id, height))

    let chainRefused (turning: Turning) effect reason =
        match unfinished turning effect with
        | ValueSome(SubmitCall call) ->
            turning.Add(IntentFinished(effect, Refused reason))

            match call with
            | Deposit(id, _, _) ->
                // Most often somebody's deposit came first: look before the next try.
                (match NodeState.channel id turning.State with
                 | ValueSome channel -> turning.Add(HoldingsDoubted(id, channel.Chain.HeldAt.Height + 1UL))
                 | ValueNone -> ())
            | ConcludeAndTransfer _
            | ReadHoldings _ -> ()
        | _ -> ()

    // Clock

    let private wakesPerTick = 64

    let ticked (turning: Turning) =
        let due =
            turning.State.Wakes
            |> Seq.takeWhile (fun (at, _) -> at.Micros <= turning.At.Micros)
            |> Seq.truncate wakesPerTick
            |> Seq.toArray

        for _, topic in due do
            turning.Add(Woken topic)

            match topic with
            | OpeningDeadline objective -> Standing.outOfTime turning objective
            | Retelling address -> Standing.ask turning address
            | ChainRetry _
            | ConcludeInstead _ -> ()
