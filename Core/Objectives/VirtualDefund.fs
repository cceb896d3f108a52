namespace Nitro.Objectives

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Settles a payment channel: a final state with what was paid, then the guarantees go back into the ledgers. Reference 3.5.
module internal VirtualDefund =
    let private finalLabel = "WaitingForSupportedFinalState"

    /// The guarantee is back without a final state. Ours is still given to those who need one; nobody's is awaited.
    let private isGivenBack (world: World) (channel: Channel) left right =
        let isFree ledger =
            match ledger |> ValueOption.map (fun id -> World.unguaranteed "" id (Channel.givingBack channel) world) with
            | ValueSome(Unmet _) -> false
            | ValueSome(Met _)
            | ValueNone -> true

        GivingBack.isGivenBack channel world.State && isFree left && isFree right

    /// As intermediary: the other side of our paying ledger took its guarantee back. Ours goes there first, then the one that covered it.
    let private lettingGo (world: World) (channel: Channel) left right =
        let label = "WaitingForUndo"
        let free ledger = World.unguaranteed label ledger (Channel.givingBack channel) world

        match right |> ValueOption.map free, left with
        | ValueSome(Unmet(label, needs)), _ -> Unmet(label, needs)
        | _, ValueSome ledger when GivingBack.mayAsk channel (channel.Terms.MyIndex - 1) -> free ledger
        | _ -> Unmet(label, [])

    /// The payer signs first, and only when no voucher is under way: the final amount is the largest voucher issued.
    let private payerFinal (world: World) agreed objective (channel: Channel) (payments: Payments) =
        match Channel.ownFinal channel with
        | Some seen -> agreed finalLabel objective channel seen
        | None when not payments.Pending.IsEmpty -> Unmet("WaitingForPayments", [ VouchersSettled channel.Terms.Id ])
        | None when Table.containsKey (VoucherSigningSlot channel.Terms.Id) world.State.Outbox.Slots ->
            Unmet("WaitingForPayments", [ VouchersSettled channel.Terms.Id ])
        | None ->
            match Rules.virtualFinalOutcome payments.Issued channel.Terms.Opening with
            | ValueSome outcome ->
                let variable = Ledger.toVariable channel.Terms.Dialect Turn.virtualFinal true outcome
                Unmet(finalLabel, [ World.inTime channel (OwnFinalState(channel.Terms.Id, variable)) ])
            | ValueNone -> Unmet(finalLabel, [])

    let private followerFinal agreed objective (channel: Channel) =
        match Channel.signedBy 0 Turn.virtualFinal channel with
        | Some seen -> agreed finalLabel objective channel seen
        | None ->
            let payer = channel.Terms.Payer

            Unmet(
                "WaitingForFinalStateFromAlice",
                [ Told(payer, FinalStateWanted objective)
                  PeerSignature(payer, channel.Terms.Id, Turn.virtualFinal) ]
            )

    let private defunded (world: World) (terms: Terms) (final: SeenState) left right =
        match Ledger.tryOpening final.Variable.Outcome with
        | ValueNone -> Met []
        | ValueSome outcome ->
            let remove = Remove(terms.Id, outcome.LeaderBalance)

            let on label ledger =
                match ledger with
                | ValueSome id -> World.unguaranteed label id remove world
                | ValueNone -> Met []

            Check.both (on "WaitingForDefundingOnMyLeft" left) (on "WaitingForDefundingOnMyRight" right)

    /// The payee's floor is its best voucher at the moment of signing.
    let private underpaid (channel: Channel) (payments: Payments) =
        match Channel.signedBy 0 Turn.virtualFinal channel with
        | Some seen when payments.Role = Payee && not (seen.Signatures.ContainsKey channel.Terms.MyIndex) ->
            (match Rules.virtualFinal channel.Terms.Opening seen.Variable |> Result.bind (Rules.paysAtLeast payments.Best) with
             | Ok() -> ValueNone
             | Error reason -> ValueSome reason)
        | _ -> ValueNone

    let advance (world: World) objective (channel: Channel) left right : Progress =
        match channel.Payments with
        | ValueNone -> Abandon "not a payment channel"
        | ValueSome payments ->
            let isGivenBack = isGivenBack world channel left right

            match underpaid channel payments with
            | ValueSome reason -> Abandon reason
            // Not done: who needs our signature on a final state begins it anew.
            | ValueNone when isGivenBack && payments.Role <> Payer && (Channel.signedBy 0 Turn.virtualFinal channel).IsNone ->
                Abandon "the guarantee is back without a final state"
            | ValueNone ->
                let agreed = if isGivenBack then World.given else World.agreed

                let final =
                    match payments.Role with
                    | Payer -> payerFinal world agreed objective channel payments
                    | Intermediary
                    | Payee -> followerFinal agreed objective channel

                flow {
                    // A final state may still come first, and is as good.
                    do!
                        if not isGivenBack && GivingBack.isLetGo channel world.State then
                            Check.both (lettingGo world channel left right) final
                        else
                            final

                    do!
                        match Channel.completeFinal channel with
                        | Some seen -> defunded world channel.Terms seen left right
                        | None when isGivenBack -> Met []
                        | None -> Unmet(finalLabel, [])

                    return Done []
                }
