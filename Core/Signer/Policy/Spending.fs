namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol

/// Approvals, budgets and windows: what may leave, and what is left of it afterwards.
module internal Spending =
    let private counts asset now (allowance: Allowance) = allowance.Asset = asset && allowance.Expires > now

    let allowed asset now (channel: SignerChannel) =
        channel.Allowances |> List.filter (counts asset now) |> List.fold (fun sum a -> Amount.addSaturated sum a.Amount) Amount.zero

    /// Uses allowances up, the ones that expire first before the others; gives what they do not cover. Expired ones are dropped.
    let useAllowances asset now amount (channel: SignerChannel) : struct (Amount * SignerChannel) =
        let live = channel.Allowances |> List.filter (fun allowance -> allowance.Expires > now) |> List.sortBy _.Expires

        let kept, rest =
            live
            |> List.mapFold
                (fun due allowance ->
                    if allowance.Asset = asset then
                        let used = Amount.min due allowance.Amount
                        { allowance with Amount = Amount.lacking allowance.Amount used }, Amount.lacking due used
                    else
                        allowance, due)
                amount

        struct (rest, { channel with Allowances = kept |> List.filter (fun allowance -> not allowance.Amount.IsZero) })

    /// The budget of a payee: its own before everybody's.
    let budget (config: SignerConfig) payee asset : Window voption =
        let find wanted = config.Budgets |> List.tryFind (fun budget -> budget.Asset = asset && budget.Payee = wanted)

        match find (ValueSome payee) with
        | Some own -> ValueSome own.Window
        | None -> (match find ValueNone with Some any -> ValueSome any.Window | None -> ValueNone)

    let budgetLeft (asked: Asked) payee asset =
        match budget asked.Config payee asset with
        | ValueNone -> Amount.zero
        | ValueSome window ->
            match asked.State.Budgets.TryFind(struct (payee, asset)) with
            | Some spent -> Velocity.left window asked.Now spent
            | None -> window.Limit

    /// Takes the amount out of a payee's budget. Budgets of which nothing is in use are forgotten.
    let useBudget (asked: Asked) payee asset amount (state: SignerState) =
        match budget asked.Config payee asset with
        | ValueSome window when not (amount: Amount).IsZero ->
            let key = struct (payee, asset)
            let spent = match state.Budgets.TryFind key with Some spent -> spent | None -> Velocity.none window
            let struct (_, after) = Velocity.insert window asked.Now amount spent
            { state with Budgets = state.Budgets.Add(key, after) }
        | ValueSome _
        | ValueNone -> state

    let forgetIdle (asked: Asked) (state: SignerState) =
        let inUse (struct (payee, asset)) spent =
            match budget asked.Config payee asset with
            | ValueSome window -> not (Velocity.sum (Velocity.shifted window asked.Now spent)).IsZero
            | ValueNone -> false

        { state with Budgets = Map.filter inUse state.Budgets }

    /// 34: the sum of what leaves in one asset.
    let withinVelocity (asked: Asked) asset (amount: Amount) =
        match asked.Config.Velocity.TryFind asset with
        | None -> Pass
        | Some window ->
            let spent = match asked.State.Outflow.TryFind asset with Some spent -> spent | None -> Velocity.none window
            if amount <= Velocity.left window asked.Now spent then Pass
            elif amount > window.Limit then Refused
            else NotYet

    let record (asked: Asked) asset (amount: Amount) (state: SignerState) =
        match asked.Config.Velocity.TryFind asset with
        | Some window when not amount.IsZero ->
            let spent = match state.Outflow.TryFind asset with Some spent -> spent | None -> Velocity.none window
            let struct (_, after) = Velocity.insert window asked.Now amount spent
            { state with Outflow = state.Outflow.Add(asset, after) }
        | Some _
        | None -> state
