namespace Nitro.Node

open Nitro.Kernel

/// Every promise not known to be kept: a fold of the journal, nothing else.
type internal Outbox =
    { /// By journal position.
      Unfinished: Table<int64, Intent>
      Keys: Table<Intent, int64>
      Slots: Table<Slot, int64>
      PerPeer: Table<Address, int>
      PerChannel: Table<ChannelId, int> }

module internal Outbox =
    let empty =
        { Unfinished = Table.empty
          Keys = Table.empty
          Slots = Table.empty
          PerPeer = Table.empty
          PerChannel = Table.empty }

    let tryFind (EffectId id) (outbox: Outbox) = Table.tryFind id outbox.Unfinished
    let count (outbox: Outbox) = Table.count outbox.Unfinished

    /// What is promised, oldest first.
    let unfinished (outbox: Outbox) : struct (EffectId * Intent) list =
        [ for struct (position, intent) in Table.toSeq outbox.Unfinished |> Seq.sortBy (fun (struct (position, _)) -> position) ->
              struct (EffectId position, intent) ]

    let isUnfinished intent (outbox: Outbox) = Table.containsKey intent outbox.Keys
    let peerCount peer (outbox: Outbox) = Table.tryFind peer outbox.PerPeer |> ValueOption.defaultValue 0

    /// Something promised about the channel is not finished.
    let isAbout id (outbox: Outbox) = Table.containsKey id outbox.PerChannel

    let private counted key change (table: Table<'K, int>) =
        match (Table.tryFind key table |> ValueOption.defaultValue 0) + change with
        | 0 -> Table.remove key table
        | n -> Table.add key n table

    let private perChannel intent change (outbox: Outbox) =
        match Intent.channel intent with
        | ValueSome channel -> counted channel change outbox.PerChannel
        | ValueNone -> outbox.PerChannel

    let private perPeer intent change (outbox: Outbox) =
        match intent with
        | Tell(peer, _) -> counted peer change outbox.PerPeer
        | SignPayload _
        | SubmitCall _ -> outbox.PerPeer

    /// A draft changes in place, all of its tables or none.
    let private orSame (outbox: Outbox) (changed: Outbox) =
        if obj.ReferenceEquals(changed.Unfinished, outbox.Unfinished) then outbox else changed

    let record position (intent: Intent) (outbox: Outbox) =
        { Unfinished = Table.add position intent outbox.Unfinished
          Keys = Table.add intent position outbox.Keys
          Slots =
            match Intent.slot intent with
            | ValueSome slot -> Table.add slot position outbox.Slots
            | ValueNone -> outbox.Slots
          PerPeer = perPeer intent 1 outbox
          PerChannel = perChannel intent 1 outbox }
        |> orSame outbox

    let finish (EffectId id) (outbox: Outbox) =
        match Table.tryFind id outbox.Unfinished with
        | ValueNone -> outbox
        | ValueSome intent ->
            { Unfinished = Table.remove id outbox.Unfinished
              Keys = Table.remove intent outbox.Keys
              Slots =
                match Intent.slot intent with
                | ValueSome slot when Table.tryFind slot outbox.Slots = ValueSome id -> Table.remove slot outbox.Slots
                | _ -> outbox.Slots
              PerPeer = perPeer intent -1 outbox
              PerChannel = perChannel intent -1 outbox }
            |> orSame outbox
