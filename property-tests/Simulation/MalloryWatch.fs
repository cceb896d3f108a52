namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// What must hold of an honest node that has byzantine neighbours, beside all that holds anyway.
module internal MalloryWatch =
    /// Facts that one message may bring about at once, for itself and for each thing that it says.
    let private factsPerMessage, factsPerItem = 64, 16

    let private growth (band: Band) (settings: Settings) (envelope: Envelope) (step: Step) =
        match envelope.Event with
        | PeerSaid message when band.Has message.Value.From ->
            let from = message.Value.From
            let most = factsPerMessage + factsPerItem * message.Value.Items.Length
            let limits = settings.Limits
            let record = NodeState.peer from step.State

            [ if not (Engine.step settings step.State envelope).Facts.IsEmpty then $"the same message of {from} once more is remembered once more"
              if step.Facts.Length > most then $"one message of {from} made {step.Facts.Length} facts"
              if Outbox.peerCount from step.State.Outbox > limits.UnfinishedPerPeer + factsPerMessage then $"{from} has filled the outbox"
              if record.Unapproved > limits.OpenObjectivesPerPeer then $"{from} has {record.Unapproved} proposals waiting"
              if record.Refused.Length > Pace.refusedListedPerPeer then $"{from} is remembered for {record.Refused.Length} refused proposals" ]
        | _ -> []

    /// Only participants can have an objective rejected (W10).
    let private rejections (band: Band) (step: Step) =
        let outsider (id: ObjectiveId) reason =
            match NodeState.channel id.Channel step.State with
            | ValueSome channel -> band.Members |> Array.tryFind (fun who -> reason = $"rejected by {who}" && not (List.contains who channel.Terms.Parties))
            | ValueNone -> None

        step.Facts
        |> List.choose (fun fact ->
            match fact with
            | ObjectiveEnded(id, Rejected reason)
            | OpeningUndone(id, reason) -> outsider id reason |> Option.map (fun who -> $"{id} was rejected by {who}, who has no part in it")
            | _ -> None)

    /// A ledger's final state gives us what was last agreed; a payment channel's takes no more from us than we have signed away.
    let private signed (books: Books) (node: Node) payload =
        match payload with
        | StatePayload(fixedPart, variable) when variable.IsFinal ->
            (match NodeState.channel (FixedPart.channelId fixedPart) node.State, Ledger.tryOpening variable.Outcome with
             | ValueSome({ Ledger = ValueSome ledger } as channel), ValueSome final ->
                 let own (outcome: LedgerOutcome) = if Channel.isLeader channel then outcome.LeaderBalance else outcome.FollowerBalance
                 if not ledger.Agreed.Guarantees.IsEmpty || own final < own ledger.Agreed then [ $"signs a final state of {channel.Terms.Id} that gives it {own final}" ] else []
             | ValueSome channel, ValueSome final when not channel.Terms.IsLedger ->
                 (match Terms.role channel.Terms with
                  | Payer when (Amount.lacking channel.Terms.Opening.LeaderBalance final.LeaderBalance) > books.Spent(node.Address, channel.Terms.Id) ->
                      [ $"signs away more in {channel.Terms.Id} than it has paid" ]
                  | Payee when Channel.isOpen channel && Amount.lacking final.FollowerBalance channel.Terms.Opening.FollowerBalance < books.Given(node.Address, channel.Terms.Id) ->
                      [ $"signs away payments of {channel.Terms.Id} that it was given" ]
                  | Payer
                  | Payee
                  | Intermediary -> [])
             | _ -> [ "signs a final state of no plain outcome" ])
        | StatePayload _
        | VoucherPayload _ -> []

    let start (band: Band) (books: Books) =
        let ground = band.World.Ground
        let judge (node: Node) found = if not (List.isEmpty found) then ground.Fail(String.concat "\n" [ for text in found -> $"{node.Address}: {text}" ])

        for node in band.World.Nodes.Values do
            if not (band.Has node.Address) then
                let onSigned = node.Signer.OnSigned

                node.Signer.OnSigned <- fun payload ->
                    onSigned payload
                    judge node (signed books node payload)

        let onStep = band.World.OnStep

        band.World.OnStep <- fun settings before envelope step ->
            onStep settings before envelope step

            if not (band.Has settings.Me) then
                judge band.World.Nodes[settings.Me] (growth band settings envelope step @ rejections band step)
