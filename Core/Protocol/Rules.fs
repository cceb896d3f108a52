namespace Nitro.Protocol

open Nitro.Kernel

/// Turns with a fixed meaning.
module internal Turn =
    let preFund: TurnNumber = 0UL
    let postFund: TurnNumber = 1UL
    /// A virtual channel's cooperative final state.
    let virtualFinal: TurnNumber = 2UL

/// Which states are acceptable at all. An error is a short reason for people and peers; node and signer apply the same.
module internal Rules =
    let private require condition error = if condition then Ok() else Error error

    let private allOf (checks: (unit -> Result<unit, string>) list) =
        checks |> List.fold (fun soFar check -> soFar |> Result.bind check) (Ok())

    /// True of every channel we take part in, whoever proposed it.
    let fixedPart (fixedPart: FixedPart) : Result<unit, string> =
        let parties = fixedPart.Participants

        allOf
            [ fun () -> require (parties.Length >= 2) "a channel has at least two participants"
              fun () -> require (parties.Length <= 16) "a channel has at most sixteen participants"
              fun () -> require (not (List.contains Address.zero parties)) "the zero address cannot be a participant"
              fun () -> require (List.distinct parties = parties) "a participant appears twice"
              fun () ->
                  require
                      (not (Destination.isExternal (FixedPart.channelId fixedPart).Value))
                      "channelId is an external destination" ]

    /// The single exit of an opening outcome that pays exactly the first and the last participant, in this order.
    let private twoAllocations (fixedPart: FixedPart) (outcome: Outcome) =
        match Ledger.tryOpening outcome with
        | ValueNone -> Error "the outcome must be one asset without metadata and two plain allocations"
        | ValueSome opening ->
            if opening.Leader <> Destination.ofAddress (List.head fixedPart.Participants) then
                Error "allocation in slot 0 does not correspond to participant 0"
            elif opening.Follower <> Destination.ofAddress (List.last fixedPart.Participants) then
                Error $"allocation in slot 1 does not correspond to participant {fixedPart.Participants.Length - 1}"
            else
                match Amount.tryAdd opening.LeaderBalance opening.FollowerBalance with
                | ValueNone -> Error "the amounts add up to more than 2^256 - 1"
                | ValueSome _ -> Ok opening

    /// A ledger's opening: two participants under the consensus application.
    let ledgerOpening consensusApp (fixedPartOf: FixedPart) (outcome: Outcome) : Result<LedgerOutcome, string> =
        fixedPart fixedPartOf
        |> Result.bind (fun () -> require (fixedPartOf.Participants.Length = 2) "a ledger channel has two participants")
        |> Result.bind (fun () -> require (fixedPartOf.App = consensusApp) "a ledger channel runs under the consensus application")
        |> Result.bind (fun () -> twoAllocations fixedPartOf outcome)
        |> Result.bind (fun opening ->
            require (not (opening.LeaderBalance.IsZero && opening.FollowerBalance.IsZero)) "a ledger channel needs a deposit"
            |> Result.map (fun () -> opening))

    /// A virtual channel's opening. Its application tells its dialect: none for go-nitro's, VirtualPaymentApp for ours.
    let virtualOpening virtualApp (fixedPartOf: FixedPart) (outcome: Outcome) : Result<struct (Dialect * LedgerOutcome), string> =
        fixedPart fixedPartOf
        |> Result.bind (fun () -> require (fixedPartOf.Participants.Length <= 7) "a payment channel has at most five intermediaries")
        |> Result.bind (fun () ->
            if fixedPartOf.App = Address.zero then Ok GoNitro
            elif fixedPartOf.App = virtualApp then Ok Nitro
            else Error "a payment channel runs under VirtualPaymentApp, or under none towards go-nitro")
        |> Result.bind (fun dialect -> twoAllocations fixedPartOf outcome |> Result.map (fun opening -> struct (dialect, opening)))
        |> Result.bind (fun (struct (_, opening) as result) ->
            require (not (opening.LeaderBalance.IsZero && opening.FollowerBalance.IsZero)) "a payment channel needs a deposit"
            |> Result.map (fun () -> result))

    /// The final outcome after the payer has paid `paid` in all; nothing where it has not got so much.
    let virtualFinalOutcome (paid: Amount) (opening: LedgerOutcome) : LedgerOutcome voption =
        match Amount.trySubtract opening.LeaderBalance paid, Amount.tryAdd opening.FollowerBalance paid with
        | ValueSome payer, ValueSome payee ->
            ValueSome
                { opening with
                    LeaderBalance = payer
                    FollowerBalance = payee }
        | _ -> ValueNone

    /// A virtual channel's final state against its opening: same asset and destinations, balanced, the payer not richer.
    /// Gives what the payer has paid.
    let virtualFinal (opening: LedgerOutcome) (variable: VariablePart) : Result<Amount, string> =
        if not variable.IsFinal then Error "the state is not final"
        elif variable.Turn <> Turn.virtualFinal then Error "a virtual channel's final state has turn 2"
        elif variable.AppData.Length > 0 then Error "a cooperative final state has no application data"
        else
            match Ledger.tryOpening variable.Outcome with
            | ValueNone -> Error "the final outcome must be one asset and two plain allocations"
            | ValueSome final when final.Asset <> opening.Asset -> Error "the final outcome is of another asset"
            | ValueSome final when final.Leader <> opening.Leader -> Error $"0th allocation is not to Alice but to {final.Leader}"
            | ValueSome final when final.Follower <> opening.Follower -> Error $"1st allocation is not to Bob but to {final.Follower}"
            | ValueSome final ->
                let lost = opening.LeaderBalance.Value - final.LeaderBalance.Value
                let gained = final.FollowerBalance.Value - opening.FollowerBalance.Value

                if lost <> gained then
                    Error $"final outcome is not balanced: Alice paid {lost}, Bob received {gained}"
                else
                    match Amount.tryCreate lost with
                    | ValueSome paid -> Ok paid
                    | ValueNone -> Error "the final outcome gives the payer more than it put in"

    /// The payee's own floor.
    let paysAtLeast (minimum: Amount) (paid: Amount) =
        require (paid >= minimum) $"payment amount {paid} is less than the minimum payment amount {minimum}"
