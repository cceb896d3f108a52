namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// What one value in the state has to say for itself. Values never change: the same source says the same later on.
type internal EpochPart =
    { Source: obj
      Items: unit -> Restatement list
      /// Of a part that depends on no other, and no other than what follows on it: whether that is what its own fold gives.
      IsGivenBy: (NodeState -> bool) voption }

/// An epoch's opening: the facts from which alone the state can be folded again.
module internal Epoch =
    /// So many a record.
    let private tombstonesTogether = 64

    let private ledger id (ledger: LedgerChannel) : Restatement list =
        [ LedgerRestated(
              id,
              { ledger.Agreed with Guarantees = Map.empty },
              ledger.AgreedTurn,
              ledger.LeaderSignature,
              ledger.FollowerSignature,
              ledger.NextWanted
          )
          for guarantee in ledger.Agreed.Guarantees.Values do GuaranteeRestated(id, guarantee)
          for KeyValue(turn, queued) in ledger.Queue do
              QueuedRestated(id, turn, queued.Proposal, queued.Hash, queued.LeaderSignature)
          for KeyValue(key, proposal) in ledger.Wanted do WantedRestated(id, key, proposal)
          for KeyValue(target, exposure) in ledger.Exposures do ExposureRestated(id, target, exposure)
          for KeyValue(turn, struct (proposal, signature)) in ledger.Answered do AnsweredRestated(id, turn, proposal, signature) ]

    let private payments id (payments: Payments) : Restatement list =
        [ if not payments.Issued.IsZero || not payments.Best.IsZero || payments.NextPending <> 0L then
              PaymentsRestated(
                  id,
                  { Issued = payments.Issued
                    IssuedSignature = payments.IssuedSignature
                    IssuedToTell = payments.IssuedToTell
                    Best = payments.Best
                    BestSignature = payments.Received.Signature
                    NextPending = payments.NextPending }
              )
          for KeyValue(key, pending) in payments.Pending do
              PendingRestated(id, key, pending.Request, pending.Amount, pending.Kind) ]

    let private channel (c: Channel) : Restatement list =
        let id = c.Terms.Id
        let states = c.States.Values |> Seq.collect (fun states -> states) |> Seq.toList
        // These are there from the beginning.
        let struct (preFund, postFund) = Terms.openings c.Terms
        let opening = [ preFund; postFund ]

        [ ChannelRestated
              { Terms = c.Terms
                MovedAt = c.MovedAt
                Seen = states |> List.map _.Variable |> List.filter (fun variable -> not (List.contains variable opening))
                Signed =
                  [ for seen in states do
                        for KeyValue(party, signature) in seen.Signatures do struct (seen.Variable.Turn, seen.Hash, party, signature) ]
                Chain = c.Chain
                Told = c.Told }
          for peer in c.GivenUpBy do GivenUpRestated(id, peer)
          match c.Ledger with
          | ValueSome found -> yield! ledger id found
          | ValueNone -> ()
          match c.Payments with
          | ValueSome found -> yield! payments id found
          | ValueNone -> () ]

    let private byKey (table: Table<'K, 'V>) = Table.toSeq table |> Seq.sortBy (fun (struct (key, _)) -> key)
    let private part (source: obj) items = { Source = source; Items = items; IsGivenBy = ValueNone }

    let private tombstones (table: Table<ChannelId, bool>) : Restatement list =
        [ for ids in byKey table |> Seq.map (fun (struct (id, _)) -> id) |> Seq.chunkBySize tombstonesTogether ->
              TombstonesRestated(List.ofArray ids) ]

    /// The rest, which is quickly written.
    let private others (state: NodeState) : Restatement list =
        [ for struct (address, p) in byKey state.Peers do
              PeerRestated(address, p.Refused, p.RetellSeconds, p.RetellAt, p.RetoldUpTo)
              for some in Map.toSeq p.Stale |> Seq.chunkBySize tombstonesTogether do StaleRestated(address, List.ofArray some)
          for KeyValue(position, id) in state.Ended do EndedRestated(position, id)
          if state.Restored then
              let unasked = [ for struct (address, p) in byKey state.Peers do if p.Unasked then address ]
              RestoredRestated []
              for some in List.chunkBySize tombstonesTogether unasked do RestoredRestated some
          for struct (peer, ledgers) in byKey state.Ledgers do
              for KeyValue(asset, id) in ledgers do LedgerListed(peer, asset, id)
          for struct (effect, intent) in Outbox.unfinished state.Outbox do IntentRestated(effect, intent)
          for due, topic in state.Wakes do WakeRestated(due, topic) ]

    let private channelPart (c: Channel) =
        { Source = c
          Items = fun () -> channel c
          IsGivenBy = ValueSome(fun folded -> Table.tryFind c.Terms.Id folded.Channels = ValueSome c) }

    let private requestPart id (record: RequestRecord) =
        { Source = record
          Items = fun () -> [ RequestRestated(id, record.Content, record.At, record.Result) ]
          IsGivenBy = ValueSome(fun folded -> Table.tryFind id folded.Requests = ValueSome record) }

    /// All that lives, in the order in which it must be folded: channels first, then who is in them.
    let parts (state: NodeState) : seq<EpochPart> =
        seq {
            for struct (_, c) in byKey state.Channels do channelPart c

            for id in state.RequestOrder.Items do
                match Table.tryFind id state.Requests with
                | ValueSome record -> requestPart id record
                | ValueNone -> ()

            for struct (_, record) in byKey state.Objectives do part record (fun () -> [ ObjectiveRestated record ])
            part state.Tombstones (fun () -> tombstones state.Tombstones)
            part state (fun () -> others state)
        }

    /// What the parts that depend on no other give together, where each gives itself.
    let alone (state: NodeState) : NodeState =
        { NodeState.empty with
            Position = state.Position
            SeenHeight = state.SeenHeight
            Channels = state.Channels
            Requests = state.Requests
            RequestOrder = state.RequestOrder }

    /// The first fact of an opening of so many.
    let opened number facts (state: NodeState) = EpochOpened(number, facts, state.SeenHeight)

    /// The whole opening.
    let opening number (state: NodeState) : Fact list =
        let items = parts state |> Seq.collect (fun part -> part.Items()) |> Seq.map Restated |> Seq.toList
        opened number (items.Length + 1) state :: items

    // Nothing in an opening depends on when it is written.
    let restate (state: NodeState) (facts: Fact list) = facts |> List.fold (fun state fact -> NodeState.evolve state (Instant 0L) fact) state

    /// The state that an opening at this position stands for.
    let fold position (opening: Fact list) : NodeState = restate { NodeState.empty with Position = position } opening
