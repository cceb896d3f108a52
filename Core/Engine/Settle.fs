namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Objectives

/// Raised when the engine contradicts itself: our bug. The tenant stops; nobody catches it and carries on.
exception internal Contradiction of string

/// From what was decided to rest: asks the objectives that a fact touched what they need, and promises it.
module internal Settle =
    /// Generous: a step touches a few channels, each a few times.
    let private roundsMax = 50_000

    let private fulfil (turning: Turning) need =
        match need with
        | OwnSignature(channel, turn, hash) -> Promise.sign turning (OwnState(channel, turn, hash))
        | OwnFinalState(id, variable) ->
            let hash = State.hash id variable

            match NodeState.channel id turning.State with
            | ValueSome channel when (Channel.tryHash variable.Turn hash channel).IsNone -> turning.Add(StateSeen(id, variable))
            | _ -> ()

            Promise.sign turning (OwnState(id, variable.Turn, hash))
        | Told(peer, telling) -> Promise.tell turning peer telling
        | Proposed(ledger, proposal) ->
            match NodeState.channel ledger turning.State with
            | ValueSome { Ledger = ValueSome l } when not (l.WantedTargets.Contains proposal.Target) ->
                turning.Add(ProposalWanted(ledger, proposal))
            | _ -> ()
        | Countersignature(ledger, turn, hash) -> Promise.sign turning (LedgerUpdate(ledger, turn, hash))
        | ChainCalled call -> Promise.call turning call
        | PeerSignature _
        | LedgerChange _
        | Holdings _
        | Before _
        | VouchersSettled _ -> ()

    /// A need to sign what contradicts an own signature can never be met.
    let private contradicts (state: NodeState) need =
        match need with
        | OwnSignature(id, turn, hash) ->
            (match NodeState.channel id state with
             | ValueSome channel ->
                 (match Channel.signedBy channel.Terms.MyIndex turn channel with
                  | Some seen -> seen.Hash <> hash
                  | None -> false)
             | ValueNone -> false)
        | _ -> false

    let private advance (turning: Turning) (objective: ObjectiveId) =
        match NodeState.openObjective objective turning.State with
        | ValueNone -> ()
        | ValueSome record ->
            match Objective.advance turning.World record with
            | Done needs ->
                needs |> List.iter (fulfil turning)
                turning.Add(ObjectiveEnded(objective, Completed))
            | Waiting(_, needs) ->
                if needs |> List.exists (contradicts turning.State) then Undo.abandon turning objective "conflicting-state" true
                else needs |> List.iter (fulfil turning)
            | Abandon reason ->
                let isFunding fits = objective.Kind = VirtualFunding && World.channel objective.Channel turning.World |> ValueOption.exists fits

                // With a complete final state the closing takes the guarantees back, and the opening is over.
                if record.Undoing.IsSome || isFunding (fun channel -> (Channel.completeFinal channel).IsSome) then
                    Undo.unwant turning objective record
                    Promise.endRejected turning objective reason
                elif isFunding (fun channel -> GivingBack.isLetGo channel turning.State) then
                    Undo.letGo turning objective record reason
                else Undo.abandon turning objective reason true

    /// The leader gives the next wanted proposal its turn. One unsigned at a time: a refusal must leave no gap.
    /// While the deposits are in doubt nothing is added, only taken back, and while it is not known what we signed, neither; after a refusal the next
    /// try waits. What takes back an addition in flight finds room beyond the limit, since the follower may wait for it before it countersigns either.
    let private propose (turning: Turning) (channel: Channel) (ledger: LedgerChannel) =
        let terms = channel.Terms
        let id = terms.Id
        let hasRoom = LedgerChannel.inFlight ledger < turning.Settings.Limits.ProposalsInFlight
        let isStale = NodeState.isStale channel turning.State
        let wanted isNext = ledger.Wanted.Values |> Seq.tryFind isNext

        // Thousands may be wanted: without room only what the short queue names is looked for among them.
        let next () =
            if hasRoom then
                wanted (fun proposal ->
                    match proposal with
                    | Add(guarantee, _) -> not (channel.Chain.Doubtful || NodeState.isStaleById guarantee.Target turning.State)
                    | Remove _ -> true)
            else
                ledger.Queue.Values
                |> Seq.tryFind (fun queued -> ledger.WantedTargets.Contains queued.Proposal.Target)
                |> Option.bind (fun queued -> wanted (fun proposal -> proposal.Target = queued.Proposal.Target))

        if not (isStale || LedgerChannel.hasUnsigned ledger) && channel.Chain.RetryAt.IsNone then
            match next () with
            | None -> ()
            | Some proposal ->

            match Ledger.apply proposal (LedgerChannel.proposed ledger) with
            | Ok after ->
                let turn = LedgerChannel.lastTurn ledger + 1UL
                let hash = State.hash id (Ledger.toVariable terms.Dialect turn false after)
                turning.Add(ProposalQueued(id, turn, proposal, hash))
                Promise.sign turning (LedgerUpdate(id, turn, hash))
            | Error reason ->
                turning.Add(ProposalUnwanted(id, proposal.Target))
                Undo.abandon turning { Kind = VirtualFunding; Channel = proposal.Target } reason true

    let private tellProposals (turning: Turning) (channel: Channel) =
        match channel.Ledger with
        | ValueSome ledger ->
            (match LedgerChannel.lastSigned ledger with
             | ValueSome turn -> Promise.tell turning (Channel.counterparty channel) (ProposalsOf(channel.Terms.Id, turn))
             | ValueNone -> Promise.dropSlot turning (ProposalsSlot channel.Terms.Id))
        | ValueNone -> ()

    /// As follower: an addition for an opening that we have ended already, together with its removal behind it.
    let private cleanUp (turning: Turning) id (ledger: LedgerChannel) =
        match LedgerChannel.head ledger with
        | None -> ()
        | Some head ->
            let target = head.Proposal.Target
            let ending kind = NodeState.objective { Kind = kind; Channel = target } turning.State |> ValueOption.bind _.Ending
            let takeBack removal = World.unguaranteed "" id removal turning.World |> Check.needs |> List.iter (fulfil turning)

            match ending VirtualFunding, ending VirtualDefunding, NodeState.channel target turning.State with
            // A restored leader may propose what it had proposed before the channel was closed without it.
            | _, ValueSome Completed, _ -> World.takesBack id target turning.World |> ValueOption.iter takeBack
            | ValueSome(Rejected _), _, ValueSome channel when not (Channel.hasSigned Turn.postFund channel) ->
                takeBack (Remove(target, channel.Terms.Opening.LeaderBalance))
            | _ -> ()

    let private pumpLedger (turning: Turning) (channel: Channel) =
        match channel.Ledger with
        | ValueNone -> ()
        | ValueSome ledger ->
            let id = channel.Terms.Id

            if Channel.isLeader channel then
                propose turning channel ledger

                match NodeState.channel id turning.State with
                | ValueSome current -> tellProposals turning current
                | ValueNone -> ()
            else
                cleanUp turning id ledger

            if channel.Chain.Doubtful then World.trusted channel |> Check.needs |> List.iter (fulfil turning)

    let private pumpPayments (turning: Turning) (channel: Channel) =
        match channel.Payments with
        | ValueSome payments when payments.Role = Payer ->
            let id = channel.Terms.Id

            if
                not (Table.containsKey (VoucherSigningSlot id) turning.State.Outbox.Slots)
                && (Channel.ownFinal channel).IsNone
                && not (NodeState.isStale channel turning.State)
            then
                match Payments.next payments with
                | ValueSome total -> Promise.sign turning (PaymentVoucher(id, total))
                | ValueNone -> ()

            if payments.IssuedToTell && not payments.Issued.IsZero && (Channel.completeFinal channel).IsNone then
                Promise.tell turning channel.Terms.Payee (VoucherOf(id, payments.Issued))
        | _ -> ()

    let private ledgerKinds = [ DirectFunding; DirectDefunding ]
    let private paymentKinds = [ VirtualFunding; VirtualDefunding ]

    let private ask (turning: Turning) id =
        match NodeState.channel id turning.State with
        | ValueNone -> ()
        | ValueSome channel ->
            if channel.Terms.IsLedger then pumpLedger turning channel else pumpPayments turning channel

            for kind in (if channel.Terms.IsLedger then ledgerKinds else paymentKinds) do
                advance turning { Kind = kind; Channel = id }

    let rec private rounds (turning: Turning) left =
        if left = 0 then raise (Contradiction "objectives did not come to rest")

        match turning.TryNext() with
        | ValueSome id ->
            ask turning id
            rounds turning (left - 1)
        | ValueNone -> ()

    let toRest (turning: Turning) = rounds turning roundsMax
