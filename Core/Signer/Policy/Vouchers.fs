namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol

/// A voucher that we are to sign.
type internal VoucherCase =
    { Asked: Asked
      Channel: SignerChannel voption
      Voucher: Voucher }

/// A voucher that we were given.
type internal ReceivedCase =
    { Asked: Asked
      Channel: SignerChannel voption
      Voucher: Voucher
      Signer: Address voption }

/// Rules 22 to 25, and what rule 26 rests on.
module internal Vouchers =
    let private on (check: VoucherCase -> SignerChannel -> Finding) (case: VoucherCase) =
        match case.Channel with
        | ValueSome channel -> check case channel
        | ValueNone -> Refused

    let private payee (channel: SignerChannel) = List.last channel.Fixed.Participants

    let private asset (channel: SignerChannel) =
        match Ledgers.opening channel with
        | ValueSome opening -> opening.Asset
        | ValueNone -> Address.zero

    let private increment (case: VoucherCase) (channel: SignerChannel) = Amount.lacking case.Voucher.Total channel.Marks.VoucherTotal

    /// 4.
    let private signedBefore =
        on (fun case channel ->
            if case.Voucher.Total = channel.Marks.VoucherTotal && not case.Voucher.Total.IsZero then Repeated else Pass)

    /// 22.
    let private isPayment = on (fun _ channel -> Rule.require (channel.Kind = Payment))

    /// 22.
    let private isOurs = on (fun _ channel -> Rule.require (SignerChannel.isPayer channel))

    /// 23.
    let private isMore = on (fun case channel -> Rule.require (case.Voucher.Total > channel.Marks.VoucherTotal))

    /// 24: never above what we put in.
    let private isBacked =
        on (fun case channel ->
            match Ledgers.opening channel with
            | ValueSome opening -> Rule.require (case.Voucher.Total <= opening.LeaderBalance)
            | ValueNone -> Refused)

    /// 25: by approvals for this channel, or the payee's budget.
    let private isApproved =
        on (fun case channel ->
            let approved = Spending.allowed (asset channel) case.Asked.Now channel
            let due = Amount.lacking (increment case channel) approved
            Rule.require (case.Asked.Config.SpendsFreely || due <= Spending.budgetLeft case.Asked (payee channel) (asset channel)))

    /// 34.
    let private isSlow =
        on (fun case channel -> Spending.withinVelocity case.Asked (asset channel) (increment case channel))

    /// 35.
    let private isListed =
        on (fun case channel ->
            match case.Asked.Config.Payees with
            | ValueSome payees -> Rule.require (payees.Contains(payee channel))
            | ValueNone -> Pass)

    /// 38: budgets of so many payees at a time.
    let private hasRoom =
        on (fun case channel ->
            let state = case.Asked.State

            if (Spending.budget case.Asked.Config (payee channel) (asset channel)).IsNone then Pass
            elif state.Budgets.ContainsKey(struct (payee channel, asset channel)) then Pass
            else Rule.await ((Spending.forgetIdle case.Asked state).Budgets.Count < case.Asked.Config.Limits.Payees))

    let signing: Rule<VoucherCase> list =
        [ { Tag = Tags.channelKnown; Check = on (fun _ _ -> Pass) }
          { Tag = Tags.idempotentResign; Check = signedBefore }
          { Tag = Tags.stateAnchored; Check = fun case -> Rule.anchored case.Asked }
          { Tag = Tags.finalLocks; Check = on (fun _ channel -> Rule.require (not channel.Marks.Final)) }
          { Tag = Tags.postFundBarred; Check = on (fun _ channel -> Rule.require (not channel.Marks.PostFundBarred)) }
          { Tag = Tags.voucherChannel; Check = isPayment }
          { Tag = Tags.voucherPayerOnly; Check = isOurs }
          { Tag = Tags.voucherIncreasing; Check = isMore }
          { Tag = Tags.voucherCap; Check = isBacked }
          { Tag = Tags.voucherApproved; Check = isApproved }
          { Tag = Tags.velocity; Check = isSlow }
          { Tag = Tags.payeeAllowlist; Check = isListed }
          { Tag = Tags.counts; Check = hasRoom } ]

    let sign (case: VoucherCase) : SignerState =
        match case.Channel with
        | ValueNone -> case.Asked.State
        | ValueSome channel ->
            let more = increment case channel
            let struct (due, paid) = Spending.useAllowances (asset channel) case.Asked.Now more channel
            let marks = { paid.Marks with VoucherTotal = Amount.max paid.Marks.VoucherTotal case.Voucher.Total }

            let roomy =
                if case.Asked.State.Budgets.ContainsKey(struct (payee channel, asset channel)) then case.Asked.State
                else Spending.forgetIdle case.Asked case.Asked.State

            roomy
            |> Memory.put { paid with Marks = marks }
            |> Spending.useBudget case.Asked (payee channel) (asset channel) due
            |> Spending.record case.Asked (asset channel) more

    let private onReceived (check: ReceivedCase -> SignerChannel -> Finding) (case: ReceivedCase) =
        match case.Channel with
        | ValueSome channel -> check case channel
        | ValueNone -> Refused

    /// Shown before, or less than what was.
    let private isOld = onReceived (fun case channel -> if case.Voucher.Total <= channel.Received then Repeated else Pass)

    /// We are the payee, the payer signed, and it has so much.
    let private isGood =
        onReceived (fun case channel ->
            match Ledgers.opening channel with
            | ValueSome opening ->
                Rule.require (
                    channel.Kind = Payment
                    && SignerChannel.isPayee channel
                    && case.Signer = ValueSome channel.Fixed.Participants.Head
                    && case.Voucher.Total <= opening.LeaderBalance
                )
            | ValueNone -> Refused)

    let receiving: Rule<ReceivedCase> list =
        [ { Tag = Tags.channelKnown; Check = onReceived (fun _ _ -> Pass) }
          { Tag = Tags.voucherSignature; Check = isGood }
          { Tag = Tags.idempotentResign; Check = isOld }
          { Tag = Tags.postFundBarred; Check = onReceived (fun _ channel -> Rule.require (not channel.Marks.PostFundBarred)) }
          { Tag = Tags.finalLocks; Check = onReceived (fun _ channel -> Rule.require (not channel.Marks.Final)) } ]

    let receive (case: ReceivedCase) : SignerState =
        match case.Channel with
        | ValueNone -> case.Asked.State
        | ValueSome channel ->
            Memory.put { channel with Received = Amount.max channel.Received case.Voucher.Total } case.Asked.State
