namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// Which of an honest node's affairs hang on somebody byzantine: these may stay open, and must say so.
module internal MalloryDependence =
    let isStranger (world: SimulatedWorld) who =
        match world.Nodes.TryGetValue who with
        | true, node -> node.IsStranger
        | _ -> false

    let private involves world (terms: Terms) = terms.Parties |> List.exists (isStranger world)

    /// By this node's lights the ledger carries, or is about to, what belongs to a channel with a stranger in it.
    let private carries world (state: NodeState) ledger =
        match NodeState.channel ledger state with
        | ValueSome { Ledger = ValueSome l } ->
            let isTheirs target = NodeState.channel target state |> ValueOption.exists (fun c -> involves world c.Terms)
            (l.Agreed.Guarantees.Keys |> Seq.exists isTheirs) || (l.Exposures.Keys |> Seq.exists isTheirs)
        | _ -> false

    /// With a complete final state nobody else is needed to close a ledger. Before that, either side may know of something in it.
    let ofChannel (world: SimulatedWorld) (channel: Channel) =
        let terms = channel.Terms

        if not terms.IsLedger then
            involves world terms
        else
            (involves world terms && (Channel.completeFinal channel).IsNone)
            || (world.Nodes.Values |> Seq.exists (fun node -> not node.IsStranger && carries world node.State terms.Id))

    let ofObjective world (node: Node) (id: ObjectiveId) =
        NodeState.channel id.Channel node.State |> ValueOption.exists (ofChannel world)

    /// A ledger in which a stranger has the say.
    let isTheirs world (channel: Channel) = involves world channel.Terms

    /// Open, and not telling for whom or for what.
    let silent world (node: Node) : string list =
        let crossed = Crossing.ledgers world

        [ for record in node.State.Objectives.Items.Values do
              if record.Ending.IsNone && ofObjective world node (Goal.id record.Goal) && not (Crossing.ofGoal crossed record.Goal) then
                  let view = Views.objective node.Settings node.State record
                  let names = view.Peers |> List.exists (isStranger world)

                  if view.WaitingFor = "WaitingForNothing" || view.WaitingFor = "WaitingForSigner" || not names then
                      $"{node.Address} {view.Id} stays open for somebody else's sake, and says {view.WaitingFor}" ]

    /// Its share of each ledger that is closed: what it has been paid at least. (Anybody may have put money into one besides.)
    let paidOut (node: Node) asset =
        let mutable least = 0I

        for channel in node.State.Channels.Items.Values do
            match channel.Terms.IsLedger && channel.Terms.Opening.Asset = asset, NodeState.objective { Kind = DirectDefunding; Channel = channel.Terms.Id } node.State with
            | true, ValueSome { Ending = ValueSome Completed } ->
                (match Channel.ownFinal channel |> Option.map (fun seen -> Ledger.tryOpening seen.Variable.Outcome) with
                 | Some(ValueSome final) -> least <- least + (if Channel.isLeader channel then final.LeaderBalance.Value else final.FollowerBalance.Value)
                 | _ -> ())
            | _ -> ()

        least
