namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// From needs to intents: each promise is recorded once, and a newer one of the same slot replaces an older.
module internal Promise =
    /// What the slot held no longer matters.
    let dropSlot (turning: Turning) slot =
        match Table.tryFind slot turning.State.Outbox.Slots with
        | ValueSome older -> turning.Add(IntentFinished(EffectId older, Superseded))
        | ValueNone -> ()

    let private record (turning: Turning) (intent: Intent) =
        if not (Outbox.isUnfinished intent turning.State.Outbox) then
            Intent.slot intent |> ValueOption.iter (dropSlot turning)
            turning.Add(IntentRecorded intent)

    let sign turning signing = record turning (SignPayload signing)
    let call turning chainCall = record turning (SubmitCall chainCall)

    /// Not again what the peer has taken already; see `Retelling`.
    let tell (turning: Turning) peer telling =
        let intent = Tell(peer, telling)

        let isTold =
            match Intent.topic telling |> ValueOption.bind (fun id -> NodeState.channel id turning.State) with
            | ValueSome channel -> List.contains (struct (peer, telling)) channel.Told
            | ValueNone -> false

        if not isTold then record turning intent

    /// Tells everybody in it. Of a channel that a peer proposed, only those who have shown up: the others may be names that
    /// the peer made up, and who comes later is answered then.
    let rejectionToAll (turning: Turning) (objective: ObjectiveId) =
        match NodeState.channel objective.Channel turning.State, NodeState.objective objective turning.State with
        | ValueSome channel, ValueSome record ->
            let hasSigned peer =
                channel.States.Values
                |> Seq.collect id
                |> Seq.exists (fun seen -> seen.Signatures.Keys |> Seq.exists (fun party -> channel.Terms.Parties[party] = peer))

            let isThere peer =
                record.Origin = OwnRequest
                || record.Origin = Peer peer
                || hasSigned peer
                || channel.Told |> List.exists (fun (struct (who, _)) -> who = peer)

            channel.Terms.Others |> List.filter isThere |> List.iter (fun peer -> tell turning peer (RejectionOf objective))
        | _ -> ()

    /// Ends an opening that failed: who has not taken our part in it so far need not have it any more.
    let endRejected (turning: Turning) (objective: ObjectiveId) reason =
        match NodeState.channel objective.Channel turning.State with
        | ValueSome channel ->
            for turn in [ Turn.preFund; Turn.postFund ] do
                for seen in Channel.at turn channel do
                    for peer in channel.Terms.Others do
                        match Table.tryFind (Tell(peer, StateOf(objective, turn, seen.Hash))) turning.State.Outbox.Keys with
                        | ValueSome effect -> turning.Add(IntentFinished(EffectId effect, Superseded))
                        | ValueNone -> ()
        | ValueNone -> ()

        turning.Add(ObjectiveEnded(objective, Rejected reason))
