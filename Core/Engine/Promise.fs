namespace Nitro.Engine

open Nitro.Kernel
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
            match NodeState.channel (Intent.channel intent) turning.State with
            | ValueSome channel -> List.contains (peer, telling) channel.Told
            | ValueNone -> false

        if not isTold then record turning intent

    let rejectionToAll (turning: Turning) (objective: ObjectiveId) =
        match NodeState.channel objective.Channel turning.State with
        | ValueSome channel -> channel.Terms.Others |> List.iter (fun peer -> tell turning peer (RejectionOf objective))
        | ValueNone -> ()
