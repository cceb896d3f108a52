namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer

/// A state that is to be signed, or challenged with.
type internal StateCase =
    { Asked: Asked
      Channel: SignerChannel voption
      State: State
      Hash: Bytes32 }

/// Rules 4 to 15, 20, 26 and 27.
module internal States =
    let private on (check: StateCase -> SignerChannel -> Finding) case =
        match case.Channel with
        | ValueSome channel -> check case channel
        | ValueNone -> Refused

    let private turn (case: StateCase) = case.State.Variable.Turn

    /// What an outcome gives us, by asset.
    let private own channel outcome =
        match Outcome.allocatedTo (SignerChannel.destination channel) outcome with
        | ValueSome funds -> funds
        | ValueNone -> Funds.empty

    /// What we have: by the newest state we signed, less what vouchers have promised already.
    let private before (channel: SignerChannel) : Funds =
        let start = own channel channel.Opening.Outcome
        let now = match channel.Last with ValueSome last -> own channel last.Outcome | ValueNone -> start

        if channel.Kind = Payment && SignerChannel.isPayer channel then
            now |> Map.map (fun asset amount -> Amount.min amount (Amount.lacking (Funds.get asset start) channel.Marks.VoucherTotal))
        else
            now

    /// What the state takes from us, by asset.
    let falls (case: StateCase) (channel: SignerChannel) : (Address * Amount) list =
        let after = own channel case.State.Variable.Outcome

        [ for KeyValue(asset, amount) in before channel do
              let fall = Amount.lacking amount (Funds.get asset after)
              if not fall.IsZero then asset, fall ]

    /// 1: the id is computed from the fixed part, and registered.
    let private known = on (fun _ _ -> Pass)

    /// 4: the same content gets the same signature.
    let private signedBefore =
        on (fun case channel -> if channel.Marks.Signed.TryFind(turn case) = Some case.Hash then Repeated else Pass)

    /// 5: another content at a signed turn.
    let private signedOnce = on (fun case channel -> Rule.require (not (channel.Marks.Signed.ContainsKey(turn case))))

    /// 6.
    let private isNewest =
        on (fun case channel ->
            match SignerChannel.highest channel with
            | ValueSome highest -> Rule.require (turn case > highest && turn case >= channel.Marks.Floor)
            | ValueNone -> Rule.require (turn case >= channel.Marks.Floor))

    /// The way out of a payment channel that never came to run: at its ends other rules guard what is ours. In the middle it must be
    /// the same on both sides: both guarantees stand once we have signed the post-fund; before, nothing may have been paid.
    let private endsUnopened (case: StateCase) (channel: SignerChannel) =
        channel.Kind = Payment
        && case.State.Variable.IsFinal
        && (not (SignerChannel.isIntermediary channel)
            || SignerChannel.hasSigned Turn.postFund channel
            || case.State.Variable.Outcome = channel.Opening.Outcome)

    /// 7: at most one ahead of what anybody has signed. A payment channel's end skips the post-fund that will never be.
    let private isNear =
        on (fun case channel ->
            let own = match SignerChannel.highest channel with ValueSome highest -> highest + 1UL | ValueNone -> 0UL
            let next = channel.PeerTurns |> Map.fold (fun next _ reached -> if reached < 0xFFFF_FFFF_FFFFUL then max next (reached + 1UL) else next) own
            Rule.require (turn case <= next || (turn case = Turn.virtualFinal && not channel.Marks.Signed.IsEmpty && endsUnopened case channel)))

    /// 8.
    let private isUnlocked = on (fun _ channel -> Rule.require (not channel.Marks.Final))

    /// 21, second case: after a guarantee was given back there is neither post-fund nor anything behind it but the end.
    let private isUnbarred =
        on (fun case channel -> Rule.require (turn case = Turn.preFund || not channel.Marks.PostFundBarred || endsUnopened case channel))

    let private safeHoldings (config: SignerConfig) (channel: SignerChannel) : Funds voption =
        let outcome = channel.Opening.Outcome

        if config.FullyFunded then Outcome.totalAllocated outcome
        else
            Outcome.depositSafetyThreshold (SignerChannel.destination channel) outcome
            |> ValueOption.bind (fun threshold ->
                own channel outcome
                |> Map.fold (fun sum asset amount -> ValueOption.bind (Funds.tryAdd asset amount) sum) (ValueSome threshold))

    let private isHeld (asked: Asked) (channel: SignerChannel) =
        match channel.Sighting, safeHoldings asked.Config channel with
        | ValueSome seen, ValueSome needed when Funds.covers needed seen.Holdings ->
            Rule.await (
                seen.Tip - seen.Height + 1UL >= asked.Config.Confirmations
                && asked.Now - seen.At <= asked.Config.SightingSeconds
            )
        | _ -> Refused

    let private backings (asked: Asked) (channel: SignerChannel) =
        [ for ledger in channel.Backing do
              match asked.State.Channels.TryFind ledger with
              | Some ledger ->
                  match Ledgers.supported channel.Id ledger with
                  | ValueSome guarantee -> struct (ledger, guarantee)
                  | ValueNone -> ()
              | None -> () ]

    /// 9: the money is on chain, deep enough and seen lately; for an end of a payment channel, its guarantee is countersigned.
    let private isFunded =
        on (fun case channel ->
            match channel.Kind with
            | _ when turn case <> Turn.postFund -> Pass
            | Direct
            | Ledger -> isHeld case.Asked channel
            | Payment when SignerChannel.isIntermediary channel -> Pass
            | Payment -> Rule.await (not (backings case.Asked channel).IsEmpty))

    /// 10: everybody's post-fund is there, ours too.
    let private isRunning =
        on (fun case channel ->
            Rule.require (turn case <= Turn.postFund || SignerChannel.isOpen channel || endsUnopened case channel))

    let private distinct (exit: AssetExit) =
        (exit.Allocations |> List.distinctBy _.Destination).Length = exit.Allocations.Length

    /// 11: the opening itself before the channel runs; afterwards its totals and assets, each destination once.
    let private isConserved =
        on (fun case channel ->
            let opening = channel.Opening
            let variable = case.State.Variable

            if variable.Turn <= Turn.postFund then
                Rule.require (variable.Outcome = opening.Outcome && variable.AppData = opening.AppData)
            else
                let total = Outcome.totalAllocated variable.Outcome

                Rule.require (
                    total.IsSome
                    && total = Outcome.totalAllocated opening.Outcome
                    && (variable.Outcome |> List.map _.Asset) = (opening.Outcome |> List.map _.Asset)
                    && List.forall distinct variable.Outcome
                ))

    /// 12.
    let private mayEnd =
        on (fun case channel ->
            Rule.require (
                not case.State.Variable.IsFinal
                || channel.CloseApproved
                || case.Asked.Config.ClosesFreely.Contains channel.Kind
            ))

    let private guarantees (outcome: Outcome) =
        outcome |> List.map (fun exit -> exit.Asset, exit.Allocations |> List.filter (fun line -> line.Type <> AllocationType.simple))

    /// 13.
    let private guaranteesKept =
        on (fun case channel ->
            let last = match channel.Last with ValueSome last -> last | ValueNone -> channel.Opening
            Rule.require (guarantees case.State.Variable.Outcome = guarantees last.Outcome))

    /// 14: what we lose was approved.
    let private nothingLost =
        on (fun case channel ->
            falls case channel
            |> List.forall (fun (asset, fall) -> fall <= Spending.allowed asset case.Asked.Now channel)
            |> Rule.require)

    /// 15: nobody is paid who was not there from the start.
    let private sameDestinations =
        on (fun case channel ->
            let named (outcome: Outcome) = outcome |> List.collect (fun exit -> exit.Allocations |> List.map _.Destination)
            let last = match channel.Last with ValueSome last -> named last.Outcome | ValueNone -> []
            let known = Set.ofList (named channel.Opening.Outcome @ last)
            Rule.require (named case.State.Variable.Outcome |> List.forall known.Contains))

    /// 20: as intermediary, both guarantees are countersigned, one to our left and one to our right.
    let private isMirrored =
        on (fun case channel ->
            if channel.Kind <> Payment || turn case <> Turn.postFund || not (SignerChannel.isIntermediary channel) then Pass
            else
                match backings case.Asked channel with
                | [ struct (one, left); struct (other, right) ] ->
                    let sides = Ledgers.isLeft one channel, Ledgers.isLeft other channel
                    let mirrored = sides = (ValueSome true, ValueSome false) || sides = (ValueSome false, ValueSome true)
                    Rule.await (mirrored && left.Amount = right.Amount)
                | _ -> NotYet)

    /// 26: as payee, at least what the best voucher promised.
    let private takesBest =
        on (fun case channel ->
            if channel.Kind <> Payment || not (SignerChannel.isPayee channel) || turn case <= Turn.postFund then Pass
            else
                let start = own channel channel.Opening.Outcome
                let after = own channel case.State.Variable.Outcome

                match Ledgers.opening channel with
                | ValueSome opening ->
                    Rule.require (
                        Funds.get opening.Asset after >= Amount.addSaturated (Funds.get opening.Asset start) channel.Received
                    )
                | ValueNone -> Refused)

    /// 34.
    let private isSlow =
        on (fun case channel ->
            falls case channel
            |> List.map (fun (asset, fall) -> Spending.withinVelocity case.Asked asset fall)
            |> List.tryFind (fun finding -> finding <> Pass)
            |> Option.defaultValue Pass)

    /// 38.
    let private fits =
        on (fun case channel ->
            let limits = case.Asked.Config.Limits
            let entries = case.State.Variable.Outcome |> List.sumBy (fun exit -> exit.Allocations.Length)
            if entries > limits.OutcomeEntries + limits.Guarantees then Refused else Channels.hasRoomFor case.Asked channel)

    let signing: Rule<StateCase> list =
        [ { Tag = Tags.channelKnown; Check = known }
          { Tag = Tags.idempotentResign; Check = signedBefore }
          { Tag = Tags.stateAnchored; Check = fun case -> Rule.anchored case.Asked }
          { Tag = Tags.noDoubleSign; Check = signedOnce }
          { Tag = Tags.turnIncreasing; Check = isNewest }
          { Tag = Tags.turnGap; Check = isNear }
          { Tag = Tags.finalLocks; Check = isUnlocked }
          { Tag = Tags.postFundBarred; Check = isUnbarred }
          { Tag = Tags.postFundAfterDeposit; Check = isFunded }
          { Tag = Tags.runningAfterPostFund; Check = isRunning }
          { Tag = Tags.outcomeConserved; Check = isConserved }
          { Tag = Tags.finalOnApprovedClose; Check = mayEnd }
          { Tag = Tags.guaranteesByProposal; Check = guaranteesKept }
          { Tag = Tags.balanceNotLowered; Check = nothingLost }
          { Tag = Tags.exitDestination; Check = sameDestinations }
          { Tag = Tags.intermediaryBalanced; Check = isMirrored }
          { Tag = Tags.voucherRedeemBest; Check = takesBest }
          { Tag = Tags.velocity; Check = isSlow }
          { Tag = Tags.counts; Check = fits } ]

    /// Marks, witnesses and the newest own state after a signature.
    let mark (variable: VariablePart) hash (channel: SignerChannel) =
        { channel with
            Marks = Marks.withState variable.Turn hash variable.IsFinal channel.Marks
            Last = ValueSome variable }
        |> SignerChannel.witness channel.Mine variable hash

    let sign (case: StateCase) : SignerState =
        match case.Channel with
        | ValueNone -> case.Asked.State
        | ValueSome channel ->
            let falls = falls case channel

            let paid =
                falls
                |> List.fold (fun channel (asset, fall) -> let struct (_, after) = Spending.useAllowances asset case.Asked.Now fall channel in after) channel

            let signed = mark case.State.Variable case.Hash paid
            let state = case.Asked.State |> Memory.put signed |> Leaving.settle signed
            falls |> List.fold (fun state (asset, fall) -> Spending.record case.Asked asset fall state) state

    /// 27: the newest state that all have signed; or, for a payee, its own redemption of a voucher.
    let private isLatest =
        on (fun case channel ->
            let redeems =
                channel.Kind = Payment
                && SignerChannel.isPayee channel
                && turn case = Turn.virtualFinal
                && channel.Marks.Signed.TryFind Turn.virtualFinal = Some case.Hash

            match channel.Supported with
            | ValueSome seen -> Rule.require (seen.Hash = case.Hash || redeems)
            | ValueNone -> Rule.require redeems)

    let challenging: Rule<StateCase> list =
        [ { Tag = Tags.channelKnown; Check = known }
          { Tag = Tags.challengeLatestOnly; Check = isLatest }
          { Tag = Tags.stateAnchored; Check = fun case -> Rule.anchored case.Asked } ]
