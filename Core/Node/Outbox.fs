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

    /// Something promised about the channel is not finished.
    let isAbout id (outbox: Outbox) = Table.containsKey id outbox.PerChannel

    let private counted key change (table: Table<'K, int>) =
        match (Table.tryFind key table |> ValueOption.defaultValue 0) + change with
        | 0 -> Table.remove key table
        | n -> Table.add key n table

    let private perPeer intent change (outbox: Outbox) =
        match intent with
        | Tell(peer, _) -> counted peer change outbox.PerPeer
        | SignPayload _
        | SubmitCall _ -> outbox.PerPeer

    let record position (intent: Intent) (outbox: Outbox) =
        { Unfinished = outbox.Unfinished.Add(position, intent)
          Keys = Table.add intent position outbox.Keys
          Slots =
            match Intent.slot intent with
            | ValueSome slot -> Table.add slot position outbox.Slots
            | ValueNone -> outbox.Slots
          PerPeer = perPeer intent 1 outbox
          PerChannel = counted (Intent.channel intent) 1 outbox.PerChannel }

    let finish (EffectId id) (outbox: Outbox) =
        match outbox.Unfinished.TryFind id with
        | None -> outbox
        | Some intent ->
            { Unfinished = outbox.Unfinished.Remove id
              Keys = Table.remove intent outbox.Keys
              Slots =
                match Intent.slot intent with
                | ValueSome slot when Table.tryFind slot outbox.Slots = ValueSome id -> Table.remove slot outbox.Slots
                | _ -> outbox.Slots
              PerPeer = perPeer intent -1 outbox
              PerChannel = counted (Intent.channel intent) -1 outbox.PerChannel }
