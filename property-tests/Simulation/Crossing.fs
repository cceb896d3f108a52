namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// In go-nitro's dialect either side of a ledger signs its final state first. The leader may have signed a proposal for that very turn,
/// and then neither can sign the other's: only the contracts end such a ledger (docs/adr/0002).
module internal Crossing =
    let private finalTurn (channel: Channel) =
        if channel.Terms.IsLedger && channel.Terms.Dialect = GoNitro && not (Channel.isLeader channel) then
            Channel.ownFinal channel |> Option.map _.Variable.Turn
        else None

    let private hasProposed turn (channel: Channel) =
        match channel.Ledger with
        | ValueSome ledger -> ledger.Queue.ContainsKey turn
        | ValueNone -> false

    let private isCrossed (world: SimulatedWorld) (channel: Channel) =
        match finalTurn channel, world.Nodes.TryGetValue(Channel.counterparty channel) with
        | Some turn, (true, leader) -> NodeState.channel channel.Terms.Id leader.State |> ValueOption.exists (hasProposed turn)
        | _ -> false

    let ledgers (world: SimulatedWorld) : Set<ChannelId> =
        set
            [ for node in world.Nodes.Values do
                  for channel in node.State.Channels.Items.Values do
                      if isCrossed world channel then channel.Terms.Id ]

    let ofGoal (crossed: Set<ChannelId>) goal =
        crossed.Contains (Goal.id goal).Channel || Goal.ledgers goal |> List.exists crossed.Contains

    /// A channel that is one of them, or rests on one of them.
    let ofChannel (world: SimulatedWorld) (crossed: Set<ChannelId>) id =
        not crossed.IsEmpty
        && world.Nodes.Values
           |> Seq.exists (fun node ->
               node.State.Objectives.Items.Values |> Seq.exists (fun record -> (Goal.id record.Goal).Channel = id && ofGoal crossed record.Goal))
