namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What the receiver of a message says about it.
type internal Taking =
    | Take
    /// Not now: the sender keeps it and tells it again.
    | NotNow of why: string
    | Offend of Offence

/// After the journal was restored from an older copy: asks the peers what they hold, and tells those that ask.
module internal Standing =
    /// So many channels are asked about in one step that its facts still fit one append.
    let private askedTogether = 128

    /// What a peer could tell more of than we know; a ledger's opening goes on by itself.
    let private question (turning: Turning) id =
        match NodeState.channel id turning.State with
        | ValueNone -> ValueSome { Kind = VirtualFunding; Channel = id }
        | ValueSome channel when channel.Terms.Dialect = GoNitro -> ValueNone
        | ValueSome channel when channel.Terms.IsLedger ->
            if channel.Ledger.IsSome then ValueSome { Kind = DirectFunding; Channel = id } else ValueNone
        | ValueSome _ -> ValueSome { Kind = VirtualFunding; Channel = id }

    let ask (turning: Turning) address =
        let questions =
            seq {
                for KeyValue(id, since) in (NodeState.peer address turning.State).Stale do
                    match question turning id with
                    | ValueSome objective -> StandingWanted(objective, since)
                    | ValueNone -> ()
            }

        for wanted in questions |> Seq.truncate askedTogether |> Seq.toArray do Promise.tell turning address wanted

    /// The peer has shown that there is more of the channel than we know: it is asked, once.
    let doubt (turning: Turning) id address =
        if not ((NodeState.peer address turning.State).Stale.ContainsKey id) then
            turning.Add(ChannelDoubted(id, address))
            ask turning address

    /// What is asked of the peer are also payment channels that we know nothing of.
    let isAskingForgotten (turning: Turning) address =
        (NodeState.peer address turning.State).Stale |> Seq.exists (fun doubt -> (NodeState.channel doubt.Key turning.State).IsNone)

    /// Whoever comes, as long as we know of no ledger with it: one may have been opened after the copy was made. It costs a stranger nothing to
    /// come, so nothing is remembered of it but the question, see `AskingSlot`.
    let askLedgers (turning: Turning) address =
        let state = turning.State

        if
            state.Restored
            && turning.Settings.DialectOf address = Nitro
            && ((NodeState.peer address state).Unasked || not (Table.containsKey address state.Ledgers))
        then
            Promise.tell turning address LedgersWanted

    /// Of a ledger also the payment channels that proposals on their way are for: who follows must know them first.
    let private tellStanding (turning: Turning) sender (objective: ObjectiveId) since =
        Promise.tell turning sender (StandingOf(objective, since))

        match NodeState.channel objective.Channel turning.State with
        | ValueSome { Ledger = ValueSome ledger } ->
            for target in ledger.Queue.Values |> Seq.map _.Proposal.Target |> Seq.distinct do
                Promise.tell turning sender (StandingOf({ Kind = VirtualFunding; Channel = target }, ValueNone))
        | _ -> ()

    /// What is still opening goes on from its pre-fund at who knows nothing of it.
    let tellLedgers (turning: Turning) sender =
        let ledgers = Table.tryFind sender turning.State.Ledgers |> ValueOption.defaultValue Map.empty

        for id in ledgers.Values do
            let objective = { Kind = DirectFunding; Channel = id }

            match NodeState.channel id turning.State with
            | ValueSome { Ledger = ValueSome _ } -> tellStanding turning sender objective ValueNone
            | ValueSome channel ->
                Channel.complete Turn.preFund channel
                |> Option.iter (fun seen -> Promise.tell turning sender (AllSignaturesOf(objective, Turn.preFund, seen.Hash)))
            | ValueNone -> ()

    let private isConcerned (turning: Turning) sender (id: ChannelId) =
        match NodeState.channel id turning.State with
        | ValueSome channel -> List.contains sender channel.Terms.Others
        | ValueNone -> true

    /// Of a ledger that is still opening here it is told once that is over.
    let wanted (turning: Turning) sender (objective: ObjectiveId) since : Taking =
        let isOpening =
            match NodeState.channel objective.Channel turning.State with
            | ValueSome channel ->
                channel.Terms.IsLedger
                && channel.Ledger.IsNone
                && (NodeState.openObjective { objective with Kind = DirectFunding } turning.State).IsSome
            | ValueNone -> false

        if not (isConcerned turning sender objective.Channel) then
            Offend
                { Code = "not-a-participant"
                  Detail = "the sender is not a participant of this channel" }
        elif isOpening then
            NotNow "the channel is still opening"
        else
            tellStanding turning sender objective (ValueSome since)
            Take

    /// An opening whose time went by while we did not know how far it had come.
    let private giveUpLate (turning: Turning) (id: ChannelId) =
        let objective = { Kind = VirtualFunding; Channel = id }

        match NodeState.channel id turning.State, NodeState.openObjective objective turning.State with
        | ValueSome channel, ValueSome { Deadline = ValueSome due; Undoing = ValueNone } when
            due.Micros <= turning.At.Micros
            && not (NodeState.isStale channel turning.State || Channel.hasSigned Turn.postFund channel)
            ->
            Undo.abandon turning objective Undo.timeout true
        | _ -> ()

    let confirm (turning: Turning) sender (id: ChannelId) =
        if (NodeState.peer sender turning.State).Stale.ContainsKey id then
            turning.Add(ChannelConfirmed(id, sender))
            giveUpLate turning id

            // What it carries could not be taken in before.
            if NodeState.channel id turning.State |> ValueOption.exists _.Terms.IsLedger then ask turning sender

    /// An answer counts for the question that it was given to: a late one may have been given to a life of ours that was lost since. What is told
    /// unasked says nothing of what else there is. A ledger whose opening has still to be completed here is asked about again.
    let answered (turning: Turning) sender (id: ChannelId) since =
        let isOpening = NodeState.channel id turning.State |> ValueOption.exists (fun channel -> channel.Terms.IsLedger && channel.Ledger.IsNone)

        match since, (NodeState.peer sender turning.State).Stale.TryFind id with
        | ValueSome asked, Some doubted when asked = doubted && not isOpening -> confirm turning sender id
        | _ -> ()

    /// Not while a peer may still tell us that we have signed more of it.
    let outOfTime (turning: Turning) (objective: ObjectiveId) =
        if not (NodeState.isStaleById objective.Channel turning.State) then Undo.abandon turning objective Undo.timeout true
