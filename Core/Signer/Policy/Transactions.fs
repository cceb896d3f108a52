namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol

/// A transaction of the chain account.
type internal TransactionCase =
    { Asked: Asked
      Transaction: Transaction
      Digest: Bytes32
      Call: Call voption
      Channel: SignerChannel voption }

/// Rules 28 to 33.
module internal Transactions =
    /// Account nonces remembered.
    let private noncesKept = 256UL

    /// The transaction but for what it may cost.
    let private effect (transaction: Transaction) =
        Transaction.digest { transaction with GasLimit = 0UL; MaxFeePerGas = Amount.zero; MaxPriorityFeePerGas = Amount.zero }

    let private replaced (case: TransactionCase) = case.Asked.State.Nonces.TryFind case.Transaction.Nonce

    /// The same effect at the same nonce, at another price: counts once.
    let private isReplacement (case: TransactionCase) =
        match replaced case with
        | Some earlier -> earlier.Effect = effect case.Transaction
        | None -> false

    let private isTarget (case: TransactionCase) (known: Address -> bool) =
        match case.Transaction.To with
        | ValueSome target -> known target
        | ValueNone -> false

    /// 4.
    let private signedBefore (case: TransactionCase) =
        match replaced case with
        | Some earlier when earlier.Digest = case.Digest -> Repeated
        | Some _
        | None -> Pass

    /// 28.
    let private isOurChain (case: TransactionCase) = Rule.require (case.Transaction.ChainId = case.Asked.Config.ChainId)

    /// 28.
    let private isCall (case: TransactionCase) = Rule.require case.Transaction.To.IsSome

    /// A listed one, or any that a ledger of ours holds.
    let isToken (config: SignerConfig) (state: SignerState) (target: Address) =
        let holds (channel: SignerChannel) = channel.Kind <> Payment && channel.Opening.Outcome |> List.exists (fun exit -> exit.Asset = target)

        target <> config.Adjudicator
        && target <> Address.zero
        && (config.Tokens.ContainsKey target || (config.SpendsFreely && state.Channels |> Map.exists (fun _ channel -> holds channel)))

    /// 28.
    let private isKnownTarget (case: TransactionCase) =
        let config = case.Asked.Config
        Rule.require (isTarget case (fun target -> target = config.Adjudicator || isToken config case.Asked.State target))

    /// 28.
    let private isUnderstood (case: TransactionCase) = Rule.require case.Call.IsSome

    /// 29.
    let private isKnownChannel (case: TransactionCase) =
        match case.Call with
        | ValueSome(DepositCall _ | ChannelCall _) -> Rule.require case.Channel.IsSome
        | ValueSome(ApproveCall _)
        | ValueNone -> Pass

    /// 29: what the call itself says it brings.
    let private isWorth (case: TransactionCase) =
        match case.Call with
        | ValueSome(DepositCall(asset, _, _, amount)) when asset = Address.zero -> Rule.require (case.Transaction.Value = amount)
        | ValueSome(DepositCall _ | ApproveCall _ | ChannelCall _)
        | ValueNone -> Rule.require case.Transaction.Value.IsZero

    let private whenDeposit (check: SignerChannel -> Address -> Amount -> Amount -> Finding) (case: TransactionCase) =
        match case.Call, case.Channel with
        | ValueSome(DepositCall(asset, _, expectedHeld, amount)), ValueSome channel when not (isReplacement case) ->
            check channel asset expectedHeld amount
        | _ -> Pass

    let private part asset (funds: Funds voption) = match funds with ValueSome funds -> Funds.get asset funds | ValueNone -> Amount.zero

    /// Our share on chain. None in a payment channel: the contract would pay out of it what its guarantees have paid already.
    let private required asset (channel: SignerChannel) =
        if channel.Kind = Payment then Amount.zero
        else Outcome.allocatedTo (SignerChannel.destination channel) channel.Opening.Outcome |> part asset

    let private mustBeHeld asset (channel: SignerChannel) = Outcome.depositSafetyThreshold (SignerChannel.destination channel) channel.Opening.Outcome |> part asset

    /// 30.
    let private isAgreed =
        whenDeposit (fun channel _ _ _ ->
            Rule.require (SignerChannel.hasSigned Turn.preFund channel && SignerChannel.peersReached Turn.preFund channel))

    /// 30: our share once. After somebody else's deposit made ours fail, once more on top of what is held now: the contract
    /// takes a deposit only on exactly that, so both can never count.
    /// With the owner there also on what was expected before: where the chain refused that one, or dropped it, only one of them can count.
    let private isOnce (case: TransactionCase) =
        let again = case.Asked.Config.SpendsFreely

        case |> whenDeposit (fun channel asset expectedHeld amount ->
            let needed = required asset channel

            match channel.Deposits.TryFind asset with
            | None -> Rule.require (amount <= needed)
            | Some signed when amount <= Amount.lacking needed signed.Amount -> Pass
            | Some signed ->
                let held = match channel.Sighting with ValueSome seen -> Funds.get asset seen.Holdings | ValueNone -> Amount.zero
                let most = Amount.addSaturated (mustBeHeld asset channel) needed

                Rule.require (
                    (again || expectedHeld > signed.ExpectedHeld)
                    && expectedHeld = held
                    && Amount.addSaturated expectedHeld amount <= most
                ))

    /// 30.
    let private isOurTurn =
        whenDeposit (fun channel asset expectedHeld _ -> Rule.require (expectedHeld >= mustBeHeld asset channel))

    /// 31.
    let private isOurSpender (case: TransactionCase) =
        match case.Call with
        | ValueSome(ApproveCall(spender, _)) -> Rule.require (spender = case.Asked.Config.Adjudicator)
        | ValueSome(DepositCall _ | ChannelCall _)
        | ValueNone -> Pass

    /// 31.
    let private isCapped (case: TransactionCase) =
        let config = case.Asked.Config
        let cap asset = match config.Tokens.TryFind asset with Some cap -> cap | None -> Amount.zero

        match case.Call, case.Transaction.To with
        | _ when config.SpendsFreely -> Pass
        | ValueSome(DepositCall(asset, _, _, amount)), _ ->
            Rule.require (amount <= (if asset = Address.zero then config.NativeCap else cap asset))
        | ValueSome(ApproveCall(_, amount)), ValueSome token -> Rule.require (amount <= cap token)
        | ValueSome(ApproveCall _), ValueNone -> Refused
        | ValueSome(ChannelCall _), _
        | ValueNone, _ -> Pass

    /// Most that it can cost.
    let private cost (transaction: Transaction) =
        match Amount.tryCreate (bigint transaction.GasLimit * transaction.MaxFeePerGas.Value) with
        | ValueSome cost -> cost
        | ValueNone -> Amount.addSaturated transaction.MaxFeePerGas transaction.MaxFeePerGas

    let private fees (asked: Asked) = match asked.State.Fees with ValueSome spent -> spent | ValueNone -> Velocity.none asked.Config.Fees.Window

    /// 32: each fee, and their sum.
    let private isCheap (case: TransactionCase) =
        let limits = case.Asked.Config.Fees
        let transaction = case.Transaction

        if transaction.GasLimit > limits.GasLimit
           || transaction.MaxFeePerGas > limits.MaxFeePerGas
           || transaction.MaxPriorityFeePerGas > limits.MaxPriorityFeePerGas then Refused
        else Rule.await (cost transaction <= Velocity.left limits.Window case.Asked.Now (fees case.Asked))

    /// 33: a nonce is used again for the same effect only, at whatever price: a process that died before it had stored what it got asks
    /// anew, and one of them can be mined. With the owner there another effect may take its place, since it shuts out the first.
    let private isFreshNonce (case: TransactionCase) =
        match replaced case with
        | Some _ -> Rule.require (isReplacement case || case.Asked.Config.SpendsFreely)
        | None -> Rule.require (case.Transaction.Nonce >= case.Asked.State.NonceFloor)

    let rules: Rule<TransactionCase> list =
        [ { Tag = Tags.idempotentResign; Check = signedBefore }
          { Tag = Tags.stateAnchored; Check = fun case -> Rule.anchored case.Asked }
          { Tag = Tags.txChain; Check = isOurChain }
          { Tag = Tags.txNoCreate; Check = isCall }
          { Tag = Tags.txTarget; Check = isKnownTarget }
          { Tag = Tags.txSelector; Check = isUnderstood }
          { Tag = Tags.txChannel; Check = isKnownChannel }
          { Tag = Tags.txValue; Check = isWorth }
          { Tag = Tags.depositAfterPreFund; Check = isAgreed }
          { Tag = Tags.depositAmount; Check = isOnce }
          { Tag = Tags.depositOrder; Check = isOurTurn }
          { Tag = Tags.txSpender; Check = isOurSpender }
          { Tag = Tags.txCap; Check = isCapped }
          { Tag = Tags.txFee; Check = isCheap }
          { Tag = Tags.txNonce; Check = isFreshNonce } ]

    let private deposited (case: TransactionCase) (state: SignerState) =
        match case.Call, case.Channel with
        | ValueSome(DepositCall(asset, _, expectedHeld, amount)), ValueSome channel when not (isReplacement case) ->
            let before = match channel.Deposits.TryFind asset with Some signed -> signed.Amount | None -> Amount.zero

            let after =
                { Amount = Amount.min (required asset channel) (Amount.addSaturated before amount)
                  ExpectedHeld = expectedHeld }

            Memory.put { channel with Deposits = channel.Deposits.Add(asset, after) } state
        | _ -> state

    let sign (case: TransactionCase) : SignerState =
        let transaction = case.Transaction

        let used =
            { Effect = effect transaction
              Digest = case.Digest }

        let nonces = case.Asked.State.Nonces.Add(transaction.Nonce, used)
        let oldest = fst (Map.minKeyValue nonces)
        let isFull = uint64 nonces.Count > noncesKept
        let struct (_, spent) = Velocity.insert case.Asked.Config.Fees.Window case.Asked.Now (cost transaction) (fees case.Asked)

        { deposited case case.Asked.State with
            Nonces = if isFull then nonces.Remove oldest else nonces
            NonceFloor = if isFull then max case.Asked.State.NonceFloor (oldest + 1UL) else case.Asked.State.NonceFloor
            Fees = ValueSome spent }
