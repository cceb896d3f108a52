namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// States that are old, contradict each other, or are not what was agreed.
module internal MalloryStates =
    let private simple destination amount : Allocation =
        { Destination = destination
          Amount = amount
          Type = AllocationType.simple
          Metadata = [||] }

    /// The victim's channel has moved on since this was said.
    let private isStale (victim: Node) item =
        match MalloryWords.channelOf item |> ValueOption.bind (fun id -> NodeState.channel id victim.State), item with
        | ValueSome channel, StateItem(_, state) ->
            (Channel.isOpen channel && state.Variable.Turn <= Turn.postFund) || (Channel.ownFinal channel).IsSome
        | ValueSome { Ledger = ValueSome ledger }, ProposalItem said -> said.Turn <= ledger.AgreedTurn
        | ValueSome { Payments = ValueSome payments }, VoucherItem(voucher, _, _) -> voucher.Total < payments.Best
        | ValueSome channel, (FinalStateWantedItem _ | RejectionItem _) -> (Channel.ownFinal channel).IsSome
        | _ -> false

    /// Something said earlier is said once more.
    let staleState (band: Band) =
        let old =
            [| for frame in band.Sent do
                   match band.Victims |> Array.tryFind (fun victim -> victim.Address = frame.Receiver) with
                   | Some victim when MalloryWords.read frame.Frame |> List.exists (isStale victim) -> frame
                   | _ -> () |]

        match old with
        | [||] -> false
        | _ ->
            let frame = band.Random.Pick old
            band.Send(frame.By, frame.Receiver, frame.Frame)
            true

    /// A ledger's final state of what it opened with, though it stands elsewhere by now.
    let staleFinal (band: Band) =
        Target.strike
            band
            (fun target ->
                Target.isRunningLedger target
                && (match target.Channel.Ledger with
                    | ValueSome ledger -> ledger.Agreed <> target.Terms.Opening
                    | ValueNone -> false))
            (fun target ->
                match target.Channel.Ledger with
                | ValueSome ledger ->
                    let turn = if band.Random.Next 2 = 0 then Turn.virtualFinal else ledger.AgreedTurn + 1UL
                    [ Target.state band (Target.partners band target.Terms) DirectDefunding target.Terms (Ledger.toVariable target.Terms.Dialect turn true target.Terms.Opening) ]
                | ValueNone -> [])

    // A final state's outcome, turned in the speaker's favour

    let private takeAll (target: Target) (right: LedgerOutcome) : Outcome =
        let all = Amount.addSaturated right.LeaderBalance right.FollowerBalance

        Ledger.toExit target.Terms.Dialect
            (if target.ByFirst then { right with LeaderBalance = all; FollowerBalance = Amount.zero }
             else { right with LeaderBalance = Amount.zero; FollowerBalance = all })

    let private toOneself (target: Target) (right: LedgerOutcome) : Outcome =
        let me = Destination.ofAddress target.By
        Ledger.toExit target.Terms.Dialect { right with Leader = me; Follower = me }

    let private ofOtherAsset (target: Target) (right: LedgerOutcome) : Outcome =
        let other = Places.other right.Asset
        Ledger.toExit target.Terms.Dialect { right with Asset = other }

    let private unbalanced (band: Band) (target: Target) (right: LedgerOutcome) : Outcome =
        let more = Target.someAmount band target.Terms.Total

        match band.Random.Next 3 with
        | 0 -> Ledger.toExit target.Terms.Dialect { right with LeaderBalance = Amount.addSaturated right.LeaderBalance more }
        | 1 -> Ledger.toExit target.Terms.Dialect { right with FollowerBalance = Amount.addSaturated right.FollowerBalance more }
        | _ ->
            match Ledger.toExit target.Terms.Dialect right with
            | [ exit ] -> [ { exit with Allocations = exit.Allocations @ [ simple (Destination.ofAddress target.By) more ] } ]
            | other -> other

    /// A final state that the victim would sign, but for its outcome (W3 for ledgers, W5 for payment channels).
    let wrongFinal (spoil: Band -> Target -> LedgerOutcome -> Outcome) (band: Band) =
        let isReady (target: Target) =
            match target.Channel.Ledger with
            | ValueSome ledger ->
                Target.isRunningLedger target && LedgerChannel.isIdle ledger && ledger.Exposures.IsEmpty && ledger.Agreed.Guarantees.IsEmpty
            | ValueNone -> target.ByFirst && Target.isOpenPayment target && Target.isUnclosed target

        Target.strike band isReady (fun target ->
            let kind, right =
                match target.Channel.Ledger with
                | ValueSome ledger -> DirectDefunding, ValueSome(Target.ledgerFinal target ledger, ledger.Agreed)
                | ValueNone ->
                    let paid = Target.someAmount band target.Terms.Opening.LeaderBalance
                    let variable = Target.paymentFinal target.Terms paid
                    let outcome = Rules.virtualFinalOutcome paid target.Terms.Opening
                    VirtualDefunding, (match variable, outcome with ValueSome v, ValueSome o -> ValueSome(v, o) | _ -> ValueNone)

            match right with
            | ValueSome(variable, outcome) ->
                [ Target.state band (Target.partners band target.Terms) kind target.Terms { variable with Outcome = spoil band target outcome } ]
            | ValueNone -> [])

    let wrongFinalAmounts = wrongFinal (fun _ target right ->
        // Of a payment channel the payer takes back more than it put in; see `unbalanced` for what it may not give either.
        if target.Terms.IsLedger then takeAll target right
        else Ledger.toExit target.Terms.Dialect { right with LeaderBalance = Amount.addSaturated target.Terms.Total Amount.one; FollowerBalance = Amount.zero })

    let wrongFinalDestinations = wrongFinal (fun _ target right -> toOneself target right)
    let wrongFinalAsset = wrongFinal (fun _ target right -> ofOtherAsset target right)
    let unbalancedFinal = wrongFinal unbalanced

    /// Two final states that pay differently: to one victim both, or to two victims one each.
    let twoStatesForOneTurn (band: Band) =
        let isReady (target: Target) = target.ByFirst && Target.isOpenPayment target && Target.isUnclosed target

        match Target.find band isReady with
        | [||] -> false
        | found ->
            let target = band.Random.Pick found
            let terms = target.Terms
            let others = found |> Array.filter (fun other -> other.Terms.Id = terms.Id && other.Victim <> target.Victim)
            let second = if others.Length > 0 && band.Random.Next 3 > 0 then band.Random.Pick others else target

            for other, paid in [ target, Amount.zero; second, Target.someAmount band terms.Opening.LeaderBalance ] do
                match Target.paymentFinal terms paid with
                | ValueSome variable -> band.Say(target.By, other.Victim.Address, [ Target.state band (Target.partners band terms) VirtualDefunding terms variable ])
                | ValueNone -> ()

            true

    /// A final state of an opening that is not complete; a payment in it comes out of one guarantee alone.
    let finalBeforePostFund (band: Band) =
        Target.strike
            band
            (fun target -> target.ByFirst && Target.isPayment target && Channel.hasSigned Turn.preFund target.Channel && not (Channel.isOpen target.Channel))
            (fun target ->
                let paid = if band.Random.Next 3 = 0 then Amount.zero else Target.someAmount band target.Terms.Opening.LeaderBalance

                match Target.paymentFinal target.Terms paid with
                | ValueSome variable -> [ Target.state band (Target.partners band target.Terms) VirtualDefunding target.Terms variable ]
                | ValueNone -> [])

    let private foreign (band: Band) (target: Target) kind variable =
        let hash = State.hash target.Terms.Id variable
        let own = band.Sign(target.By, hash)
        let places = target.Terms.Parties |> List.indexed |> List.filter (fun (_, who) -> not (band.Has who)) |> List.map fst

        StateItem(
            { Kind = kind; Channel = target.Terms.Id },
            { Fixed = target.Terms.Fixed
              Variable = variable
              Hash = hash
              Signatures = (match band.Random.Next 3 with
                            | 0 -> []
                            | 1 -> [ for index in places -> index, own ]
                            | _ -> [ for index in 0 .. target.Terms.Last -> index, { own with R = Bytes32.ofUInt64 7UL } ]) }
        )

    /// Somebody else's place in a state, filled with one's own signature, one over something else, or none (W4).
    let foreignSignatures (band: Band) =
        Target.strike band (fun target -> (Channel.ownFinal target.Channel).IsNone) (fun target ->
            match target.Channel.Ledger with
            | ValueSome ledger -> [ foreign band target DirectDefunding (Target.ledgerFinal target ledger) ]
            | ValueNone when not target.Terms.IsLedger && Channel.isOpen target.Channel ->
                (match Target.paymentFinal target.Terms (Target.someAmount band target.Terms.Opening.LeaderBalance) with
                 | ValueSome variable -> [ foreign band target VirtualDefunding variable ]
                 | ValueNone -> [])
            | ValueNone ->
                let kind = if target.Terms.IsLedger then DirectFunding else VirtualFunding
                [ foreign band target kind (Terms.preFund target.Terms); foreign band target kind (Terms.postFund target.Terms) ])

    /// A final state that the payer, who is honest, has never signed: its place is filled by whoever gains from it.
    let forgedFinal (band: Band) =
        let gains (target: Target) = not (band.Has target.Terms.Payer) && target.Terms.MyIndex > 0 && Target.isOpenPayment target && Target.isUnclosed target

        Target.strike band gains (fun target ->
            let terms = target.Terms

            match Target.paymentFinal terms (if target.By = terms.Payee then terms.Opening.LeaderBalance else Amount.zero) with
            | ValueSome variable ->
                let hash = State.hash terms.Id variable
                let own = band.Sign(target.By, hash)
                let place = terms.Parties |> List.findIndex (fun who -> who = target.By)

                [ StateItem(
                      { Kind = VirtualDefunding; Channel = terms.Id },
                      { Fixed = terms.Fixed; Variable = variable; Hash = hash; Signatures = [ 0, own; place, own ] }
                  ) ]
            | ValueNone -> [])

    // Openings of one's own

    let private invented (band: Band) (target: Target) (parties: Address list) app outcome kind =
        let part =
            { Participants = parties
              Nonce = band.Random.Next64()
              App = app
              ChallengeDuration = 100u }

        let id = FixedPart.channelId part
        let variable: VariablePart = { Outcome = outcome; AppData = [||]; Turn = Turn.preFund; IsFinal = false }
        let hash = State.hash id variable

        StateItem(
            { Kind = kind; Channel = id },
            { Fixed = part
              Variable = variable
              Hash = hash
              Signatures = [ 0, band.Sign(target.By, hash) ] }
        )

    let private plain asset first second a b : Outcome =
        [ { Asset = asset
            MetadataType = 0uy
            Metadata = [||]
            Allocations = [ simple (Destination.ofAddress first) a; simple (Destination.ofAddress second) b ] } ]

    /// A payment channel or a ledger that comes out of nowhere, signed as it should be.
    let invention (band: Band) (target: Target) (asset: Address) : PeerItem =
        let victim = target.Victim.Address
        let settings = target.Victim.Settings
        let outcome = plain asset target.By victim (Target.someAmount band target.Terms.Total) Amount.zero

        if band.Random.Next 2 = 0 then invented band target [ target.By; victim ] settings.ConsensusApp outcome DirectFunding
        else invented band target [ target.By; victim ] settings.VirtualApp outcome VirtualFunding

    /// A payment channel in an asset that its ledger does not hold.
    let wrongAssetOpening (band: Band) =
        Target.strike band Target.isRunningLedger (fun target ->
            let other = Places.other target.Terms.Opening.Asset
            let outcome = plain other target.By target.Victim.Address Amount.one Amount.zero
            [ invented band target [ target.By; target.Victim.Address ] target.Victim.Settings.VirtualApp outcome VirtualFunding ])

    /// An outcome of thousands of lines, for an opening and for a final state.
    let oversizedOutcome (band: Band) =
        Target.strike band Target.isRunningLedger (fun target ->
            let line = simple (Destination.ofAddress target.By) Amount.one

            let outcome: Outcome =
                [ { Asset = target.Terms.Opening.Asset
                    MetadataType = 0uy
                    Metadata = [||]
                    Allocations = List.replicate (band.Random.Between(50, 1_500)) line } ]

            match target.Channel.Ledger with
            | ValueSome ledger when band.Random.Next 2 = 0 ->
                [ Target.state band [ target.By ] DirectDefunding target.Terms { Target.ledgerFinal target ledger with Outcome = outcome } ]
            | _ -> [ invented band target [ target.By; target.Victim.Address ] target.Victim.Settings.VirtualApp outcome VirtualFunding ])
