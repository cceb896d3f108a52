namespace Nitro.Node

open Nitro.Kernel

/// Every promise not known to be kept: a fold of the journal, nothing else.
type internal Outbox =
    { /// By journal position, so oldest first.
      Unfinished: Map<int64, Intent>
      Keys: Table<Intent, int64>
      Slots: Table<Slot, int64>
      PerPeer: Table<Address, int>
      PerChannel: Table<ChannelId, int> }

module internal Outbox =
    let empty =
        { Unfinished = Map.empty
          Keys = Table.empty
          Slots = Table.empty
          PerPeer = Table.empty
          PerChannel = Table.empty }

    let tryFind (EffectId id) (outbox: Outbox) = outbox.Unfinished.TryFind id
    let isUnfinished intent (outbox: Outbox) = Table.containsKey intent outbox.Keys
    let peerCount peer (outbox: Outbox) = Table.tryFind peer outbox.PerPeer |> ValueOption.defaultValue 0

    let private count peer change (outbox: Outbox) =
        match peerCount peer outbox + change with
        | 0 -> { outbox with PerPeer = Table.remove peer outbox.PerPeer }
        | n -> { outbox with PerPeer = Table.add peer n outbox.PerPeer }

    /// Something promised about the channel is not finished.
    let isAbout id (outbox: Outbox) = Table.containsKey id outbox.PerChannel

    let private countChannel intent change (outbox: Outbox) =
        let id = Intent.channel intent

        match (Table.tryFind id outbox.PerChannel |> ValueOption.defaultValue 0) + change with
        | 0 -> { outbox with PerChannel = Table.remove id outbox.PerChannel }
        | n -> { outbox with PerChannel = Table.add id n outbox.PerChannel }

    let record position (intent: Intent) (outbox: Outbox) =
        let recorded =
            { outbox with
                Unfinished = outbox.Unfinished.Add(position, intent)
                Keys = Table.add intent position outbox.Keys
                Slots =
                    match Intent.slot intent with
                    | ValueSome slot -> Table.add slot position outbox.Slots
                    | ValueNone -> outbox.Slots }
            |> countChannel intent 1

        match intent with
        | Tell(peer, _) -> count peer 1 recorded
        | SignPayload _
        | SubmitCall _ -> recorded

    let finish (EffectId id) (outbox: Outbox) =
        match outbox.Unfinished.TryFind id with
        | None -> outbox
        | Some intent ->
            let finished =
                { outbox with
                    Unfinished = outbox.Unfinished.Remove id
                    Keys = Table.remove intent outbox.Keys
                    Slots =
                        match Intent.slot intent with
                        | ValueSome slot when Table.tryFind slot outbox.Slots = ValueSome id -> Table.remove slot outbox.Slots
                        | _ -> outbox.Slots }
                |> countChannel intent -1

            match intent with
            | Tell(peer, _) -> count peer -1 finished
            | SignPayload _
            | SubmitCall _ -> finished
