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

    /// The ledger carries, or is about to, what belongs to a channel with a stranger in it.
    let private carries world (state: NodeState) (channel: Channel) =
        match channel.Ledger with
        | ValueSome ledger ->
            let isTheirs target = NodeState.channel target state |> ValueOption.exists (fun c -> involves world c.Terms)
            (ledger.Agreed.Guarantees.Keys |> Seq.exists isTheirs) || (ledger.Exposures.Keys |> Seq.exists isTheirs)
        | ValueNone -> false

    /// With a complete final state nobody else is needed to close a ledger.
    let ofChannel world (node: Node) (channel: Channel) =
        if channel.Terms.IsLedger then
            (involves world channel.Terms && (Channel.completeFinal channel).IsNone) || carries world node.State channel
        else
            involves world channel.Terms

    let ofObjective world (node: Node) (id: ObjectiveId) =
        NodeState.channel id.Channel node.State |> ValueOption.exists (ofChannel world node)

    /// A ledger in which a stranger has the say.
    let isTheirs world (channel: Channel) = involves world channel.Terms

    /// Open, and not telling for whom or for what.
    let silent world (node: Node) : string list =
        [ for record in node.State.Objectives.Items.Values do
              if record.Ending.IsNone && ofObjective world node (Goal.id record.Goal) then
                  let view = Views.objective node.Settings node.State record
                  let names = view.Peers |> List.exists (isStranger world)

                  if view.WaitingFor = "WaitingForNothing" || view.WaitingFor = "WaitingForSigner" || not names then
                      $"{node.Address} {view.Id} stays open for somebody else's sake, and says {view.WaitingFor}" ]

    /// Its share of each ledger whose final state it has signed: what it has been paid at most, and of those that are over, at least.
    let paidOut (node: Node) asset : struct (bigint * bigint) =
        let mutable least = 0I
        let mutable most = 0I

        for channel in node.State.Channels.Items.Values do
            match channel.Terms.IsLedger && channel.Terms.Opening.Asset = asset, Channel.ownFinal channel with
            | true, Some seen ->
                (match Ledger.tryOpening seen.Variable.Outcome with
                 | ValueSome final ->
                     let own = if Channel.isLeader channel then final.LeaderBalance.Value else final.FollowerBalance.Value
                     most <- most + own

                     match NodeState.objective { Kind = DirectDefunding; Channel = channel.Terms.Id } node.State with
                     | ValueSome { Ending = ValueSome Completed } -> least <- least + own
                     | _ -> ()
                 | ValueNone -> ())
            | _ -> ()

        struct (least, most)
