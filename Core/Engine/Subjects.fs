namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Which channels, objectives and requests a fact is about: what a reader of the journal filters by.
type internal Subjects =
    { Channels: ChannelId list
      Objectives: ObjectiveId list
      Requests: RequestId list }

module internal Subjects =
    let private none =
        { Channels = []
          Objectives = []
          Requests = [] }

    let private channels ids = { none with Channels = ids }
    let private objective (id: ObjectiveId) = { channels [ id.Channel ] with Objectives = [ id ] }
    let private update ledger (proposal: Proposal) = channels [ ledger; proposal.Target ]
    let private payment request id = { channels [ id ] with Requests = [ request ] }

    /// A ledger's turn is about the payment channel that it sets money aside for, too.
    let private turn (state: NodeState) ledger turn =
        match NodeState.channel ledger state with
        | ValueSome { Ledger = ValueSome found } ->
            (match found.Queue.TryFind turn with
             | Some queued -> update ledger queued.Proposal
             | None -> channels [ ledger ])
        | _ -> channels [ ledger ]

    /// A voucher is about every payment that it covers.
    let private voucher (state: NodeState) id total =
        match NodeState.channel id state with
        | ValueSome { Payments = ValueSome payments } ->
            { channels [ id ] with Requests = [ for pending in Payments.covered total payments -> pending.Request ] }
        | _ -> channels [ id ]

    let private intent (state: NodeState) intent =
        match intent with
        | SignPayload(OwnState(id, _, _)) -> channels [ id ]
        | SignPayload(LedgerUpdate(id, at, _)) -> turn state id at
        | SignPayload(PaymentVoucher(id, total)) -> voucher state id total
        | Tell(_, (StateOf(id, _, _) | AllSignaturesOf(id, _, _) | FinalStateWanted id | RejectionOf id | StandingWanted(id, _) | StandingOf(id, _))) -> objective id
        | Tell(_, ProposalsOf(id, at)) -> turn state id at
        | Tell(_, AgreementOf(id, at)) ->
            (match NodeState.channel id state with
             | ValueSome { Ledger = ValueSome ledger } ->
                 (match ledger.Answered.TryFind at with
                  | Some(struct (said, _)) -> update id said
                  | None -> channels [ id ])
             | _ -> channels [ id ])
        | Tell(_, VoucherOf(id, total)) -> voucher state id total
        | Tell(_, LedgersWanted) -> none
        | SubmitCall call -> channels [ Intent.ledger call ]

    let private topic topic =
        match topic with
        | OpeningDeadline id -> objective id
        | Retelling _ -> none
        | ChainRetry id
        | ConcludeInstead id -> channels [ id ]

    let private restated (state: NodeState) (thing: Restatement) =
        match thing with
        | ChannelRestated r -> channels [ r.Terms.Id ]
        | GivenUpRestated(id, _) -> channels [ id ]
        | LedgerRestated(id, _, _, _, _, _)
        | PaymentsRestated(id, _)
        | EndedRestated(_, id)
        | LedgerListed(_, _, id) -> channels [ id ]
        | GuaranteeRestated(id, guarantee) -> channels [ id; guarantee.Target ]
        | QueuedRestated(id, _, proposal, _, _)
        | WantedRestated(id, _, proposal)
        | AnsweredRestated(id, _, proposal, _) -> update id proposal
        | ExposureRestated(id, target, _) -> channels [ id; target ]
        | PendingRestated(id, _, request, _, _) -> payment request id
        | ObjectiveRestated record -> objective (Goal.id record.Goal)
        | RequestRestated(request, _, _, _) -> { none with Requests = [ request ] }
        | TombstonesRestated ids -> channels ids
        | StaleRestated(_, doubts) -> doubts |> List.map fst |> channels
        | IntentRestated(_, promised) -> intent state promised
        | WakeRestated(_, woken) -> topic woken
        | PeerRestated _
        | RestoredRestated _ -> none

    /// `before`: the state that the fact comes upon; `after`: the one it makes.
    let ofFact (before: NodeState) (after: NodeState) (fact: Fact) : Subjects =
        match fact with
        | RequestBound(request, _, id) -> { objective id with Requests = [ request ] }
        | PaymentReserved(request, _, id, _, _)
        | PaymentRefused(request, id, _) -> payment request id
        | ObjectiveOpened(goal, _, _) -> objective (Goal.id goal)
        | GoalApproved id
        | OpeningUndone(id, _)
        | ObjectiveEnded(id, _) -> objective id
        | ChannelAdded terms -> channels [ terms.Id ]
        | PeerGaveUp(id, _)
        | StateSeen(id, _)
        | StateSigned(id, _, _, _, _)
        | HoldingsObserved(id, _, _)
        | PayoutObserved(id, _, _, _)
        | HoldingsDoubted(id, _)
        | ChannelConfirmed(id, _)
        | ChannelDoubted(id, _)
        | LedgerAdopted(id, _, _, _) -> channels [ id ]
        | ProposalWanted(id, proposal)
        | ProposalQueued(id, _, proposal, _)
        | ProposalReceived(id, _, proposal, _, _) -> update id proposal
        | ProposalUnwanted(id, target) -> channels [ id; target ]
        | ProposalSigned(id, at, _)
        | ProposalDropped(id, at)
        | ProposalAgreed(id, at, _) -> turn before id at
        | VoucherIssued(id, total, _) -> voucher before id total
        | VoucherReceived(id, _, _) -> channels [ id ]
        | IntentRecorded promised -> intent after promised
        | IntentFinished(effect, _) ->
            (match Outbox.tryFind effect before.Outbox with
             | ValueSome promised -> intent before promised
             | ValueNone -> none)
        | Woken woken -> topic woken
        | JournalRestored
        | EpochOpened _ -> none
        | Restated thing -> restated after thing
