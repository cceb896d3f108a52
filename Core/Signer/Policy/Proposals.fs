namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer

/// A ledger's next state, described by what changes in it.
type internal ProposalCase =
    { Asked: Asked
      Channel: SignerChannel voption
      Turn: TurnNumber
      Proposal: Proposal
      /// Hash of ledger, turn and proposal.
      Content: Bytes32
      /// The signer's own copy, before the change.
      Before: LedgerOutcome voption
      /// The payment channel that is guaranteed.
      Target: SignerChannel voption }

/// Rules 16 to 21.
module internal Proposals =
    let content (ChannelId ledger) (turn: TurnNumber) (proposal: Proposal) : Bytes32 =
        let writer = AbiWriter(8 * Abi.Word)
        writer.Bytes32 ledger
        writer.UInt64 turn
        writer.Bytes32 proposal.Target.Value

        match proposal with
        | Add(guarantee, leftDeposit) ->
            writer.UInt64 1UL
            writer.Amount guarantee.Amount
            writer.Bytes32 guarantee.Left
            writer.Bytes32 guarantee.Right
            writer.Amount leftDeposit
        | Remove(_, leftAmount) ->
            writer.UInt64 2UL
            writer.Amount leftAmount

        Keccak.hash writer.Buffer

    let private on (check: SignerChannel -> Finding) (case: ProposalCase) =
        match case.Channel with
        | ValueSome channel -> check channel
        | ValueNone -> Refused

    let private onTarget (check: ProposalCase -> SignerChannel -> SignerChannel -> Finding) (case: ProposalCase) =
        match case.Channel, case.Target with
        | ValueSome ledger, ValueSome target -> check case ledger target
        | _ -> Refused

    let private onCopy (check: LedgerOutcome -> Finding) (case: ProposalCase) =
        match case.Before with
        | ValueSome copy -> check copy
        | ValueNone -> Refused

    let private whenAdd (check: Guarantee -> Amount -> ProposalCase -> Finding) (case: ProposalCase) =
        match case.Proposal with
        | Add(guarantee, leftDeposit) -> check guarantee leftDeposit case
        | Remove _ -> Pass

    let private whenRemove (check: ChannelId -> Amount -> ProposalCase -> Finding) (case: ProposalCase) =
        match case.Proposal with
        | Add _ -> Pass
        | Remove(target, leftAmount) -> check target leftAmount case

    /// 4: the same proposal at the same turn.
    let private signedBefore case =
        case |> on (fun channel -> if channel.Proposed.TryFind case.Turn = Some case.Content then Repeated else Pass)

    /// 5.
    let private signedOnce case =
        case |> on (fun channel -> Rule.require (not (channel.Marks.Signed.ContainsKey case.Turn) && case.Turn >= channel.Marks.Floor))

    /// 16: guarantees live on ledgers.
    let private isLedger = on (fun channel -> Rule.require (channel.Kind = Ledger))

    /// 10.
    let private isRunning = on (fun channel -> Rule.require (SignerChannel.isOpen channel))

    /// 16: the next turn of our own copy; as leader, not too far ahead of the follower.
    let private isNext case =
        case
        |> on (fun channel ->
            let answered = match channel.Supported with ValueSome seen -> seen.Variable.Turn | ValueNone -> Turn.postFund

            match SignerChannel.highest channel with
            // Those before it may be under way.
            | ValueSome highest when case.Turn > highest + 1UL -> NotYet
            | ValueSome highest when case.Turn = highest + 1UL ->
                let ahead = Amount.lacking (Amount.ofUInt64 case.Turn) (Amount.ofUInt64 answered)
                Rule.await (channel.Mine <> 0 || ahead <= Amount.ofUInt64 (uint64 case.Asked.Config.Limits.InFlight))
            | ValueSome _
            | ValueNone -> Refused)

    let private sides (ledger: SignerChannel) isLeft =
        let mine = SignerChannel.destination ledger
        let theirs = Destination.ofAddress (Ledgers.peer ledger)
        if isLeft then struct (mine, theirs) else struct (theirs, mine)

    /// Nothing was paid in it, or can be any more: adding and removing its guarantee once more takes nothing from us. Else each round
    /// would pay once more. What an intermediary gave back after its post-fund may still be paid, without anything coming in for it.
    let private isUnpaid (target: SignerChannel) =
        not (target.Marks.PostFundBarred && GivingBack.isBound target)
        && (not target.Marks.Final
            || (match target.Last with ValueSome last -> last.Outcome = target.Opening.Outcome | ValueNone -> false))

    /// The leader has signed a later state without this guarantee: who countersigns the addition for the sake of the removal behind it
    /// can reach that.
    let private isLedOut (case: ProposalCase) (ledger: SignerChannel) (target: SignerChannel) =
        let lacks (seen: Witnessed) =
            seen.Variable.Turn > case.Turn
            && seen.By.Contains(1 - ledger.Mine)
            && (match Ledger.tryRead ledger.Dialect seen.Variable.Outcome with
                | ValueSome later -> not (later.Guarantees.ContainsKey target.Id)
                | ValueNone -> false)

        ledger.Mine <> 0 && List.exists lacks ledger.Pending

    /// 17: a registered payment channel through this ledger's two parties, in its own direction, asset and dialect.
    let private isOurs =
        whenAdd (fun guarantee _ ->
            onTarget (fun _ ledger target ->
                match Ledgers.isLeft ledger target, Ledgers.opening target, Ledgers.opening ledger with
                | ValueSome isLeft, ValueSome opening, ValueSome own ->
                    let struct (left, right) = sides ledger isLeft

                    Rule.require (
                        target.Kind = Payment
                        && target.Dialect = ledger.Dialect
                        && opening.Asset = own.Asset
                        && guarantee.Left = left
                        && guarantee.Right = right
                        && isUnpaid target
                    )
                | _ -> Refused))

    /// 18: not on this ledger yet, nor on another one with the same peer.
    let private isUnique =
        whenAdd (fun guarantee _ case ->
            let samePeer (ledger: SignerChannel) other =
                match case.Asked.State.Channels.TryFind other with
                | Some other -> Ledgers.peer other = Ledgers.peer ledger
                | None -> false

            match
                onCopy (fun copy -> Rule.require (not (copy.Guarantees.ContainsKey guarantee.Target))) case,
                onTarget (fun _ ledger target -> Rule.require (not (Set.exists (samePeer ledger) target.Backing))) case
            with
            | Pass, Pass -> Pass
            | _ -> Refused)

    /// 18.
    let private isFew =
        whenAdd (fun _ _ case ->
            case |> onCopy (fun copy -> Rule.require (copy.Guarantees.Count < case.Asked.Config.Limits.Guarantees)))

    /// 19: left and right together are the payment channel's total.
    let private isTotal =
        whenAdd (fun guarantee leftDeposit ->
            onTarget (fun _ _ target ->
                match Ledgers.opening target with
                | ValueSome opening ->
                    let total = Amount.tryAdd opening.LeaderBalance opening.FollowerBalance
                    Rule.require (total = ValueSome guarantee.Amount && leftDeposit <= guarantee.Amount)
                | ValueNone -> Refused))

    /// Our part of an addition.
    let private share (ledger: SignerChannel) (guarantee: Guarantee) leftDeposit =
        if guarantee.Left = SignerChannel.destination ledger then leftDeposit else Amount.lacking guarantee.Amount leftDeposit

    /// 19: our part is at most what the payment channel's opening gives our side.
    let private isOurShare =
        whenAdd (fun guarantee leftDeposit ->
            onTarget (fun _ ledger target ->
                match Ledgers.opening target, Ledgers.isLeft ledger target with
                | ValueSome opening, ValueSome isLeft ->
                    let agreed = if isLeft then opening.LeaderBalance else opening.FollowerBalance
                    Rule.require (share ledger guarantee leftDeposit <= agreed)
                | _ -> Refused))

    /// 19: both sides have what they put in.
    let private isCovered =
        whenAdd (fun guarantee leftDeposit case ->
            case |> onCopy (fun copy ->
                let struct (leader, follower) = Ledger.cost guarantee leftDeposit copy
                Rule.require (leader <= copy.LeaderBalance && follower <= copy.FollowerBalance)))

    /// 17: everybody has agreed to the payment channel.
    let private isAgreed =
        whenAdd (fun _ _ ->
            onTarget (fun case ledger target ->
                let isAgreed = SignerChannel.hasSigned Turn.preFund target && SignerChannel.peersReached Turn.preFund target
                Rule.await (isAgreed || isLedOut case ledger target)))

    let private locked (state: SignerState) (ledger: SignerChannel) =
        ledger.Shares
        |> Map.fold
            (fun sum target share ->
                match state.Channels.TryFind target with
                | Some target when SignerChannel.isIntermediary target && not (SignerChannel.hasSigned Turn.postFund target) ->
                    Amount.addSaturated sum share
                | Some _
                | None -> sum)
            Amount.zero

    /// 20: as intermediary, what is locked before our post-fund is bounded for each peer.
    let private isBounded =
        whenAdd (fun guarantee leftDeposit ->
            onTarget (fun case ledger target ->
                match SignerChannel.isIntermediary target && not case.Asked.Config.SpendsFreely, Ledgers.opening ledger with
                | false, _ -> Pass
                | true, ValueNone -> Refused
                | true, ValueSome opening ->
                    let after = Amount.addSaturated (locked case.Asked.State ledger) (share ledger guarantee leftDeposit)
                    let limit = Funds.get opening.Asset case.Asked.Config.MaxLocked

                    if share ledger guarantee leftDeposit > limit then Refused else Rule.await (after <= limit)))

    /// 21.
    let private isThere =
        whenRemove (fun target _ -> onCopy (fun copy -> Rule.require (copy.Guarantees.ContainsKey target)))

    /// 21: everybody has signed the final state, or the opening is undone.
    let private isOver =
        whenRemove (fun _ _ -> onTarget (fun case ledger target ->
            if (SignerChannel.final target).IsSome then Pass else GivingBack.check case.Asked.State ledger target))

    /// 21: the split is the final state's; the opening's where it is undone.
    let private isSplit =
        whenRemove (fun _ leftAmount ->
            onTarget (fun _ _ target ->
                let outcome = match SignerChannel.final target with ValueSome final -> final.Outcome | ValueNone -> target.Opening.Outcome

                match Ledger.tryOpening outcome with
                | ValueSome split -> Rule.require (leftAmount = split.LeaderBalance)
                | ValueNone -> Refused))

    let rules: Rule<ProposalCase> list =
        [ { Tag = Tags.channelKnown; Check = on (fun _ -> Pass) }
          { Tag = Tags.idempotentResign; Check = signedBefore }
          { Tag = Tags.stateAnchored; Check = fun case -> Rule.anchored case.Asked }
          { Tag = Tags.noDoubleSign; Check = signedOnce }
          { Tag = Tags.finalLocks; Check = on (fun channel -> Rule.require (not channel.Marks.Final)) }
          { Tag = Tags.ledgerOnly; Check = isLedger }
          { Tag = Tags.runningAfterPostFund; Check = isRunning }
          { Tag = Tags.turnNext; Check = isNext }
          { Tag = Tags.guaranteeTargetKnown; Check = isOurs }
          { Tag = Tags.guaranteeUnique; Check = isUnique }
          { Tag = Tags.guaranteeCount; Check = isFew }
          { Tag = Tags.guaranteeAmount; Check = isTotal }
          { Tag = Tags.guaranteeMyDeposit; Check = isOurShare }
          { Tag = Tags.guaranteeFunds; Check = isCovered }
          { Tag = Tags.guaranteeAfterPreFund; Check = isAgreed }
          { Tag = Tags.intermediaryBalanced; Check = isBounded }
          { Tag = Tags.guaranteePresent; Check = isThere }
          { Tag = Tags.removeAfterFinal; Check = isOver }
          { Tag = Tags.removeAmount; Check = isSplit }
          { Tag = Tags.counts; Check = fun case -> case |> on (Channels.hasRoomFor case.Asked) } ]

    /// The ledger state that the proposal makes of our own copy.
    let next (case: ProposalCase) : VariablePart voption =
        match case.Channel, case.Before with
        | ValueSome channel, ValueSome copy ->
            match Ledger.apply case.Proposal copy with
            | Ok after -> ValueSome(Ledger.toVariable channel.Dialect case.Turn false after)
            | Error _ -> ValueNone
        | _ -> ValueNone

    let private remembered turn content (proposed: Map<TurnNumber, Bytes32>) =
        let all = proposed.Add(turn, content)
        let oldest = fst (Map.minKeyValue all)
        if oldest + Marks.turnsKept <= turn then all.Remove oldest else all

    /// What the change means for the payment channel: who backs it, and whether it is undone or on its way out. `ledger` is in `state`.
    let private retarget (case: ProposalCase) (ledger: SignerChannel) (state: SignerState) =
        match case.Target, case.Proposal with
        | ValueNone, _ -> state
        | ValueSome target, Add _ -> Memory.put { target with Backing = target.Backing.Add ledger.Id } state
        | ValueSome target, Remove _ ->
            let marks = target.Marks
            let isEnded = (SignerChannel.final target).IsSome
            let leaving = { ledger with Leaving = ledger.Leaving.Add target.Id }

            let freed =
                { target with
                    Backing = target.Backing.Remove ledger.Id
                    Leaving = target.Leaving.Add ledger.Id
                    Marks = { marks with PostFundBarred = marks.PostFundBarred || not isEnded } }

            state |> Memory.put freed |> Memory.put leaving |> Leaving.settle leaving

    let sign (case: ProposalCase) (variable: VariablePart) hash : SignerState =
        match case.Channel with
        | ValueNone -> case.Asked.State
        | ValueSome ledger ->
            let shares =
                match case.Proposal with
                | Add(guarantee, leftDeposit) -> ledger.Shares.Add(guarantee.Target, share ledger guarantee leftDeposit)
                | Remove(target, _) -> ledger.Shares.Remove target

            let signed =
                { States.mark variable hash ledger with
                    Shares = shares
                    Proposed = remembered case.Turn case.Content ledger.Proposed }

            case.Asked.State |> Memory.put signed |> retarget case signed
