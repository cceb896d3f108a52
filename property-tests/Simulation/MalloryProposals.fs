namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Ledger proposals and countersignatures that should not be.
module internal MalloryProposals =
    let private ledgerOf (target: Target) = match target.Channel.Ledger with ValueSome ledger -> Some ledger | ValueNone -> None

    /// A running ledger that the speaker leads.
    let private isLed (target: Target) = target.ByFirst && Target.isRunningLedger target

    let private onLedger (band: Band) isWanted (words: Target -> LedgerChannel -> PeerItem list) =
        Target.strike
            band
            (fun target -> match ledgerOf target with Some ledger -> isWanted target ledger | None -> false)
            (fun target -> match ledgerOf target with Some ledger -> words target ledger | None -> [])

    let private guarantees (ledger: LedgerChannel) = [| for KeyValue(_, guarantee) in ledger.Agreed.Guarantees -> guarantee |]

    let private paymentOf (victim: Node) id =
        match NodeState.channel id victim.State with
        | ValueSome channel when not channel.Terms.IsLedger -> Some channel
        | _ -> None

    let private finalOf (victim: Node) id = paymentOf victim id |> Option.bind Channel.completeFinal

    /// Where the ledger stands in a payment channel's line; nothing where it has no place in it.
    let private position (ledger: Terms) (terms: Terms) =
        List.pairwise terms.Parties
        |> List.tryFindIndex (fun (left, right) -> List.contains left ledger.Parties && List.contains right ledger.Parties)

    /// Openings that the victim has agreed to and that this ledger does not carry yet.
    let private awaited (target: Target) (ledger: LedgerChannel) =
        [| for id in ledger.Exposures.Keys do
               match paymentOf target.Victim id with
               | Some channel when (Channel.complete Turn.preFund channel).IsSome && not ((LedgerChannel.proposed ledger).Guarantees.ContainsKey id) ->
                   match position target.Terms channel.Terms with
                   | Some left -> struct (channel.Terms, left)
                   | None -> ()
               | _ -> () |]

    /// Once more what is agreed or queued: in one message twice, and at a turn of its own.
    let duplicateProposal (band: Band) =
        onLedger band (fun target ledger -> isLed target && not (ledger.Answered.IsEmpty && ledger.Queue.IsEmpty)) (fun target ledger ->
            let said =
                match LedgerChannel.head ledger with
                | Some head -> head.Proposal
                | None -> let struct (proposal, _) = snd (Map.maxKeyValue ledger.Answered) in proposal

            let again = Target.next band target ledger said
            [ again; again ])

    /// The second before the first, and the first never.
    let reorderedProposals (band: Band) =
        onLedger band (fun target _ -> isLed target) (fun target ledger ->
            let change =
                match awaited target ledger with
                | [||] -> Remove(target.Terms.Id, Amount.zero)
                | found -> let struct (terms, left) = band.Random.Pick found in Terms.addition terms left

            let turn = LedgerChannel.lastTurn ledger
            [ for ahead in [ 3UL; 2UL ] -> Target.proposal band target.By target.Terms (LedgerChannel.proposed ledger) (turn + ahead) change ])

    /// Two changes for one turn: what the victim waits for, or what is queued, and another.
    let twoProposalsForOneTurn (band: Band) =
        onLedger band (fun target ledger -> isLed target && (not ledger.Queue.IsEmpty || (awaited target ledger).Length > 0)) (fun target ledger ->
            match LedgerChannel.head ledger, awaited target ledger with
            | Some head, _ ->
                let turn = ledger.AgreedTurn + 1UL
                let other = Remove(head.Proposal.Target, Amount.one)
                [ Target.proposal band target.By target.Terms ledger.Agreed turn other ]
            | None, found ->
                let struct (terms, left) = band.Random.Pick found
                let right = Terms.addition terms left
                let wrong = Add({ Terms.guarantee terms left with Amount = Amount.addSaturated terms.Total Amount.one }, terms.Opening.LeaderBalance)
                [ Target.next band target ledger right; Target.next band target ledger wrong ])

    /// About a ledger in which the speaker has no part, or for a payment channel that has no place in this ledger.
    let foreignProposal (band: Band) =
        let state (target: Target) = target.Victim.State

        let foreignLedgers (target: Target) =
            [| for channel in (state target).Channels.Items.Values do
                   match channel.Ledger with
                   | ValueSome ledger when not (List.contains target.By channel.Terms.Parties) -> struct (channel.Terms, ledger)
                   | _ -> () |]

        let foreignPayments (target: Target) =
            [| for channel in (state target).Channels.Items.Values do
                   if not channel.Terms.IsLedger && (position target.Terms channel.Terms).IsNone then channel.Terms |]

        onLedger
            band
            (fun target _ -> isLed target && ((foreignLedgers target).Length > 0 || (foreignPayments target).Length > 0))
            (fun target ledger ->
                match foreignLedgers target, foreignPayments target with
                | ledgers, payments when payments.Length = 0 || (ledgers.Length > 0 && band.Random.Next 2 = 0) ->
                    let struct (terms, other) = band.Random.Pick ledgers

                    let change =
                        match guarantees other with
                        | [||] -> Add({ Target = target.Terms.Id; Amount = Amount.one; Left = other.Agreed.Leader; Right = other.Agreed.Follower }, Amount.one)
                        | found -> Remove((band.Random.Pick found).Target, Amount.zero)

                    [ Target.proposal band target.By terms (LedgerChannel.proposed other) (LedgerChannel.lastTurn other + 1UL) change ]
                | _, payments ->
                    let terms = band.Random.Pick payments
                    let guarantee = { Target = terms.Id; Amount = Amount.one; Left = ledger.Agreed.Follower; Right = ledger.Agreed.Leader }
                    [ Target.next band target ledger (Add(guarantee, Amount.one)) ])

    /// Properly signed by nobody, or by another of the band.
    let unsignedProposal (band: Band) =
        onLedger band (fun target ledger -> isLed target && (awaited target ledger).Length > 0) (fun target ledger ->
            let struct (terms, left) = band.Random.Pick(awaited target ledger)
            let turn = LedgerChannel.lastTurn ledger + 1UL
            let other = band.Members |> Array.tryFind (fun who -> who <> target.By)

            match other with
            | Some partner when band.Random.Next 2 = 0 ->
                [ Target.proposal band partner target.Terms (LedgerChannel.proposed ledger) turn (Terms.addition terms left) ]
            | _ ->
                let nothing = band.Sign(target.By, Bytes32.ofUInt64 turn)
                [ Target.proposalItem target.Terms.Id (Terms.addition terms left) turn nothing ])

    /// To a leader: a countersignature over something else, from somebody else, or for a turn that is not there.
    let foreignCountersignature (band: Band) =
        onLedger band (fun target ledger -> not target.ByFirst && Target.isRunningLedger target && not ledger.Queue.IsEmpty) (fun target ledger ->
            match LedgerChannel.head ledger with
            | None -> []
            | Some head ->
                let turn = ledger.AgreedTurn + 1UL
                let other = State.hash target.Terms.Id (Ledger.toVariable target.Terms.Dialect turn false ledger.Agreed)

                match band.Members |> Array.tryFind (fun who -> who <> target.By), band.Random.Next 3 with
                | Some partner, 0 -> [ Target.proposalItem target.Terms.Id head.Proposal turn (band.Sign(partner, head.Hash)) ]
                | _, 1 -> [ Target.proposalItem target.Terms.Id head.Proposal (turn + 5UL) (band.Sign(target.By, head.Hash)) ]
                | _ -> [ Target.proposalItem target.Terms.Id head.Proposal turn (band.Sign(target.By, other)) ])

    let private removable (isWanted: Node -> Guarantee -> bool) (target: Target) (ledger: LedgerChannel) =
        guarantees ledger |> Array.filter (isWanted target.Victim)

    let private stealing (band: Band) (target: Target) (guarantee: Guarantee) (fair: Amount) =
        // All of it to the speaker, or a little more or less than what is right.
        let isLeft = guarantee.Left = Destination.ofAddress target.By

        match band.Random.Next 3 with
        | 0 -> if isLeft then guarantee.Amount else Amount.zero
        | 1 -> Amount.addSaturated fair Amount.one
        | _ -> Amount.lacking fair Amount.one

    /// After the final state a removal that pays differently.
    let wrongRemoval (band: Band) =
        let isWanted victim (guarantee: Guarantee) = (finalOf victim guarantee.Target).IsSome

        onLedger band (fun target ledger -> isLed target && (removable isWanted target ledger).Length > 0) (fun target ledger ->
            let guarantee = band.Random.Pick(removable isWanted target ledger)

            match finalOf target.Victim guarantee.Target |> Option.map (fun seen -> Ledger.tryOpening seen.Variable.Outcome) with
            | Some(ValueSome final) -> [ Target.next band target ledger (Remove(guarantee.Target, stealing band target guarantee final.LeaderBalance)) ]
            | _ -> [])

    /// A removal while the payment channel runs.
    let earlyRemoval (band: Band) =
        let isWanted victim (guarantee: Guarantee) = (paymentOf victim guarantee.Target).IsSome && (finalOf victim guarantee.Target).IsNone

        onLedger band (fun target ledger -> isLed target && (removable isWanted target ledger).Length > 0) (fun target ledger ->
            let guarantee = band.Random.Pick(removable isWanted target ledger)

            match paymentOf target.Victim guarantee.Target with
            | Some channel ->
                let fair = channel.Terms.Opening.LeaderBalance
                let amount = if band.Random.Next 2 = 0 then fair else stealing band target guarantee fair
                [ Target.next band target ledger (Remove(guarantee.Target, amount)) ]
            | None -> [])

    /// What the victim waits for, with an amount, a share or sides of the speaker's liking.
    let wrongGuarantee (band: Band) =
        onLedger band (fun target ledger -> isLed target && (awaited target ledger).Length > 0) (fun target ledger ->
            let struct (terms, left) = band.Random.Pick(awaited target ledger)
            let right = Terms.guarantee terms left
            let deposit = terms.Opening.LeaderBalance

            let change =
                match band.Random.Next 4 with
                | 0 -> Add({ right with Amount = Amount.lacking right.Amount Amount.one }, Amount.lacking deposit Amount.one)
                | 1 -> Add({ right with Amount = Amount.addSaturated right.Amount Amount.one }, deposit)
                | 2 -> Add(right, (if right.Left = Destination.ofAddress target.By then Amount.zero else right.Amount))
                | _ -> Add({ right with Left = right.Right; Right = right.Left }, deposit)

            [ Target.next band target ledger change ])

    /// Payer and payee against the hub between them, which has one of two guarantees: both have signed the post-fund, and all paid.
    let oneSidedGuarantee (band: Band) =
        let carries (victim: Node) id ledger =
            match NodeState.channel ledger victim.State with
            | ValueSome { Ledger = ValueSome l } -> l.Agreed.Guarantees.ContainsKey id
            | _ -> false

        let isHalf (target: Target) =
            target.ByFirst
            && Target.isPayment target
            && Terms.role target.Terms = Intermediary
            && (match NodeState.openObjective { Kind = VirtualFunding; Channel = target.Terms.Id } target.Victim.State with
                | ValueSome record ->
                    let sides = Goal.ledgers record.Goal |> List.map (carries target.Victim target.Terms.Id)
                    sides.Length = 2 && List.contains true sides && List.contains false sides
                | ValueNone -> false)

        Target.strike band isHalf (fun target ->
            let partners = Target.partners band target.Terms
            let paid = if band.Random.Next 3 = 0 then Amount.zero else target.Terms.Opening.LeaderBalance

            [ Target.state band partners VirtualFunding target.Terms (Terms.postFund target.Terms)
              match Target.paymentFinal target.Terms paid with
              | ValueSome variable -> Target.state band partners VirtualDefunding target.Terms variable
              | ValueNone -> () ])
