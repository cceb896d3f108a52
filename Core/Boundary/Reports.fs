namespace Nitro

open Nitro.Kernel
open Nitro.Node
open Nitro.Wire
open Nitro.Engine

/// Notifications and log lines of a step.
module internal Reports =
    let private channelUpdate (state: NodeState) id =
        match NodeState.channel id state with
        | ValueSome channel when channel.Terms.IsLedger ->
            Some(CoreNotification("ledger_channel_updated", id.ToString(), lazy ViewV1.ledger (Views.ledger state channel)))
        | ValueSome channel ->
            Some(CoreNotification("payment_channel_updated", id.ToString(), lazy ViewV1.payment (Views.payment state channel)))
        | ValueNone -> None

    let notifications (step: Step) : CoreNotification[] =
        [| yield! step.Changed |> List.choose (channelUpdate step.State)
           for id in step.Ended do
               CoreNotification("objective_completed", id.Channel.ToString(), lazy ViewV1.text (id.ToString())) |]

    let private origin from =
        match from with
        | OwnRequest -> "by request"
        | Peer address -> $"by peer {address}"

    /// One line for each change of an objective.
    let log (facts: Fact list) : string[] =
        [| for fact in facts do
               match fact with
               | ObjectiveOpened(goal, from, _) -> $"objective {Goal.id goal} opened {origin from}"
               | GoalApproved id -> $"objective {id} approved"
               | OpeningUndone(id, reason) -> $"objective {id} is being undone: {reason}"
               | PeerGaveUp(id, peer) -> $"peer {peer} gave the opening of {id} up"
               | ObjectiveEnded(id, Completed) -> $"objective {id} completed"
               | ObjectiveEnded(id, Rejected reason) -> $"objective {id} rejected: {reason}"
               | ChannelConfirmed(id, peer) -> $"channel {id}: peer {peer} has said what it holds"
               | ChannelDoubted(id, peer) -> $"channel {id}: peer {peer} shows a turn that we have no record of; it is asked what it holds"
               | LedgerAdopted(id, variable, _, _) -> $"channel {id}: turn {variable.Turn} is taken over from the peer, both had signed it"
               | HoldingsDoubted(id, height) -> $"channel {id}: its deposits are in doubt, blocks from {height} on are gone"
               | _ -> () |]
