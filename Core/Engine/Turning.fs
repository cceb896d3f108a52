namespace Nitro.Engine

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Channels, each once, in the order they came. Most steps touch one or two, so no set is made until there are many.
[<Sealed>]
type internal Touched() =
    let items = List<ChannelId> 2
    let mutable many: HashSet<ChannelId> | null = null

    member _.Items = items

    /// False: it is there already.
    member _.Add(id: ChannelId) =
        match many with
        | null ->
            let isNew = not (items.Contains id)

            if isNew then
                items.Add id
                if items.Count > 8 then many <- HashSet<ChannelId> items

            isNew
        | set ->
            let isNew = set.Add id
            if isNew then items.Add id
            isNew

/// One step's work in progress: facts folded so far and what they touched. Lives within a step only.
[<Sealed>]
type internal Turning(settings: Settings, at: Instant, before: NodeState) =
    let facts = List<Fact>()
    let replies = List<Reply>()
    let changed = Touched()
    // Those of `changed` whose objectives are to be asked (again).
    let queue = Queue<ChannelId> 2
    let mutable queued: HashSet<ChannelId> | null = null
    let ended = List<ObjectiveId>()
    let recorded = List<int64>()
    let mutable state = before

    let isQueued id =
        match queued with
        | null -> queue.Contains id
        | set -> set.Contains id

    let touch id =
        changed.Add id |> ignore

        if not (isQueued id) then
            queue.Enqueue id

            match queued with
            | null -> if queue.Count > 8 then queued <- HashSet<ChannelId> queue
            | set -> set.Add id |> ignore

    /// As follower: an opening that was given up may wait, at the queue's head, for what became of those behind it.
    let touchGivenUp ledger =
        match NodeState.channel ledger state with
        | ValueSome({ Ledger = ValueSome l } as channel) when not (Channel.isLeader channel) ->
            (match LedgerChannel.head l with
             | Some { Proposal = Add(guarantee, _) } ->
                 (match NodeState.objective { Kind = VirtualFunding; Channel = guarantee.Target } state with
                  | ValueSome record when record.Undoing.IsSome || record.Ending.IsSome ->
                      touch ledger
                      touch guarantee.Target
                  | _ -> ())
             | _ -> ())
        | _ -> ()

    let touchObjective (id: ObjectiveId) =
        touch id.Channel

        match NodeState.objective id state with
        | ValueSome record ->
            for ledger in Goal.ledgers record.Goal do
                touch ledger
                touchGivenUp ledger
        | ValueNone -> ()

    let touchState id =
        touch id

        match NodeState.objective { Kind = VirtualFunding; Channel = id } state with
        | ValueSome record -> Goal.ledgers record.Goal |> List.iter touchGivenUp
        | ValueNone -> ()

    let touchLedger id =
        touch id

        match NodeState.channel id state with
        | ValueSome { Ledger = ValueSome ledger } ->
            (match LedgerChannel.head ledger with
             | Some head -> touch head.Proposal.Target
             | None -> ())
        | _ -> ()

    /// All that may have waited for the ledger as a whole: for its deposits, or for a next try.
    let touchWaiting id =
        touch id

        match NodeState.channel id state with
        | ValueSome { Ledger = ValueSome ledger } ->
            ledger.Exposures.Keys |> Seq.iter touch
            ledger.Queue.Values |> Seq.iter (fun queued -> touch queued.Proposal.Target)
        | _ -> ()

    /// What was about to change, before it does.
    let touchBefore fact =
        match fact with
        | ProposalAgreed(ledger, turn, _) ->
            (match NodeState.channel ledger state with
             | ValueSome { Ledger = ValueSome l } ->
                 for KeyValue(t, entry) in l.Queue do
                     if t <= turn then touch entry.Proposal.Target
             | _ -> ())
        | ProposalDropped(ledger, turn) ->
            (match NodeState.channel ledger state with
             | ValueSome { Ledger = ValueSome l } -> l.Queue.TryFind turn |> Option.iter (fun entry -> touch entry.Proposal.Target)
             | _ -> ())
        | IntentFinished(effect, Refused _) ->
            Outbox.tryFind effect state.Outbox |> ValueOption.bind Intent.channel |> ValueOption.iter touchWaiting
        | IntentFinished(effect, (Kept | Superseded)) ->
            Outbox.tryFind effect state.Outbox |> ValueOption.bind Intent.channel |> ValueOption.iter touch
        | Woken(Retelling address) -> OutboxFolds.nextRetold (NodeState.peer address state) |> List.iter touchObjective
        | VoucherIssued(id, total, signature) ->
            (match NodeState.channel id state with
             | ValueSome { Payments = ValueSome payments } ->
                 for pending in Payments.covered total payments do
                     let answer =
                         match pending.Kind with
                         | Sent -> Paid(id, pending.Amount)
                         | HandedOut -> VoucherMade({ Channel = id; Total = total }, signature)

                     replies.Add { To = pending.Request; Answer = answer }
             | _ -> ())
        | _ -> ()

    let touchAfter fact =
        match fact with
        | RequestBound _ -> ()
        | PaymentReserved(_, _, id, _, _)
        | StateSeen(id, _)
        | VoucherIssued(id, _, _)
        | VoucherReceived(id, _, _)
        | PeerGaveUp(id, _)
        | PaymentRefused(_, id, _) -> touch id
        | StateSigned(id, _, _, _, _) -> touchState id
        | HoldingsObserved(id, _, _)
        | PayoutObserved(id, _, _, _)
        | HoldingsDoubted(id, _) -> touchWaiting id
        | ChannelAdded terms -> touch terms.Id
        | ObjectiveOpened(goal, _, _) -> touchObjective (Goal.id goal)
        | GoalApproved id
        | OpeningUndone(id, _) -> touchObjective id
        | ObjectiveEnded(id, _) ->
            ended.Add id
            touchObjective id
        | ProposalWanted(ledger, _)
        | ProposalUnwanted(ledger, _)
        | ProposalQueued(ledger, _, _, _)
        | ProposalSigned(ledger, _, _)
        | ProposalDropped(ledger, _)
        | ProposalReceived(ledger, _, _, _, _)
        | ProposalAgreed(ledger, _, _) -> touchLedger ledger
        | IntentRecorded _
        | IntentFinished _ -> ()
        | Woken(OpeningDeadline id) -> touch id.Channel
        | Woken(ChainRetry id) -> touchWaiting id
        | Woken(ConcludeInstead id) -> touch id
        | Woken(Retelling _) -> ()
        | ChannelConfirmed(id, _)
        | ChannelDoubted(id, _) -> touchWaiting id
        | LedgerAdopted(id, _, _, _) ->
            touchWaiting id

            match NodeState.channel id state with
            | ValueSome { Ledger = ValueSome ledger } -> ledger.Agreed.Guarantees.Keys |> Seq.iter touch
            | _ -> ()
        // Written by the tool that restores.
        | JournalRestored -> ()
        // No step decides these: an opening is made of the state between steps.
        | EpochOpened _
        | Restated _ -> ()

    member _.Settings = settings
    member _.At = at
    member _.State = state
    /// It may be stale, and its peers can say: what we would end it with may be less than we signed. go-nitro's nodes cannot say.
    member _.IsAwaited(channel: Channel) = channel.Terms.Dialect = Nitro && NodeState.isStale channel state
    member _.World: World = { State = state; Settings = settings }
    member _.Facts = facts
    member _.Replies = replies
    member _.Changed = changed.Items
    member _.Ended = ended

    /// Positions of the intents recorded in this step.
    member _.Recorded = recorded

    member _.Reply(request, answer) = replies.Add { To = request; Answer = answer }

    member _.Add(fact: Fact) =
        touchBefore fact

        match fact with
        | IntentRecorded _ -> recorded.Add state.Position
        | PaymentRefused(request, _, tag) ->
            replies.Add
                { To = request
                  Answer =
                    Failed
                        { Code = -32603
                          Message = $"the signer refused this payment: {tag}"
                          Tag = tag
                          Next = "see the signer's policy; the amount is free again" } }
        | _ -> ()

        state <- NodeState.evolve state at fact
        facts.Add fact
        touchAfter fact

    member this.AddAll(more: Fact list) = for fact in more do this.Add fact

    /// The next channel whose objectives have to be asked, or nothing when at rest.
    member _.TryNext() =
        match queue.TryDequeue() with
        | true, id ->
            match queued with
            | null -> ()
            | set -> set.Remove id |> ignore

            ValueSome id
        | _ -> ValueNone
