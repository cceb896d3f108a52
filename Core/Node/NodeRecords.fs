namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

type internal RequestRecord =
    { /// Hash of method and payload: the same id with other contents is refused.
      Content: Bytes32
      At: Instant
      Result: RequestResult }

/// What a peer and we still have to do with each other.
type internal PeerRecord =
    { Open: Set<ObjectiveId>
      OpenCount: int
      /// Of those, proposed by the peer and not approved yet.
      Unapproved: int
      /// Its newest proposals that we rejected without signing anything, oldest first.
      Refused: ObjectiveId list
      RetellSeconds: int64
      RetellAt: Instant voption
      /// A retelling goes through the open objectives in slices; the last one done.
      RetoldUpTo: ObjectiveId voption
      /// Channels of which we may have forgotten what this peer still holds, and since when.
      Stale: Map<ChannelId, Instant>
      /// Has a ledger with us, and has not heard yet since a restore that we want to know of all that it has.
      Unasked: bool }

/// Everything a node knows: a fold of its journal.
type internal NodeState =
    { /// Of the next record. Set in place by `NodeDraft` alone, on states that it made itself.
      mutable Position: int64
      Channels: Table<ChannelId, Channel>
      Objectives: Table<ObjectiveId, ObjectiveRecord>
      OpenCount: int
      /// Channels that are over, oldest first: what is listed of them is bounded.
      Ended: Map<int64, ChannelId>
      EndedCount: int
      /// Channels over and no longer listed in which we signed what must never count again.
      Tombstones: Table<ChannelId, bool>
      /// A peer's open or opening ledgers, one to an asset.
      Ledgers: Table<Address, Map<Address, ChannelId>>
      Peers: Table<Address, PeerRecord>
      Requests: Table<RequestId, RequestRecord>
      /// Oldest first.
      RequestOrder: Line<RequestId>
      Outbox: Outbox
      Wakes: Set<Instant * Topic>
      /// The newest block from which an observation was stored.
      SeenHeight: Height
      /// From an older copy, at some time: whoever we know of no ledger with may have one with us.
      Restored: bool }

/// Times that facts depend on; part of the journal's meaning, so not configurable.
module internal Pace =
    let retellSeconds = 5L
    let retellSecondsMax = 300L
    let chainRetrySeconds = 1L
    let chainRetrySecondsMax = 300L
    let concludeInsteadSeconds = 120L
    let requestsRemembered = 100_000
    let requestSecondsRemembered = 86_400L
    let endedListed = 10_000
    let refusedListedPerPeer = 64

/// Look-ups and the smallest changes, for the folds; everyone else asks `NodeState`.
module internal Known =
    let empty =
        { Position = 0L
          Channels = Table.empty
          Objectives = Table.empty
          OpenCount = 0
          Ended = Map.empty
          EndedCount = 0
          Tombstones = Table.empty
          Ledgers = Table.empty
          Peers = Table.empty
          Requests = Table.empty
          RequestOrder = Line.empty
          Outbox = Outbox.empty
          Wakes = Set.empty
          SeenHeight = 0UL
          Restored = false }

    let channel id (state: NodeState) = Table.tryFind id state.Channels
    let objective id (state: NodeState) = Table.tryFind id state.Objectives

    let openObjective id (state: NodeState) =
        match objective id state with
        | ValueSome record when record.Ending.IsNone -> ValueSome record
        | _ -> ValueNone

    let onChannel id change (state: NodeState) =
        let channels = Table.change id change state.Channels
        if obj.ReferenceEquals(channels, state.Channels) then state else { state with Channels = channels }

    let onOutbox change (state: NodeState) =
        let outbox = change state.Outbox
        if obj.ReferenceEquals(outbox, state.Outbox) then state else { state with Outbox = outbox }

    let onLedger id change state = onChannel id (Channel.onLedger change) state
    let wake at topic (state: NodeState) = { state with Wakes = state.Wakes.Add((at, topic)) }
    let unwake at topic (state: NodeState) = { state with Wakes = state.Wakes.Remove((at, topic)) }

    let private noPeer =
        { Open = Set.empty
          OpenCount = 0
          Unapproved = 0
          Refused = []
          RetellSeconds = Pace.retellSeconds
          RetellAt = ValueNone
          RetoldUpTo = ValueNone
          Stale = Map.empty
          Unasked = false }

    let peer address (state: NodeState) = Table.tryFind address state.Peers |> ValueOption.defaultValue noPeer

    /// The open or opening ledger with the peer.
    let ledgerWith peer asset (state: NodeState) =
        match Table.tryFind peer state.Ledgers with
        | ValueSome ledgers -> Map.tryFind asset ledgers |> ValueOption.ofOption
        | ValueNone -> ValueNone

    let listLedger peer asset id (state: NodeState) =
        let others = Table.tryFind peer state.Ledgers |> ValueOption.defaultValue Map.empty
        { state with Ledgers = Table.add peer (Map.add asset id others) state.Ledgers }

    let onPeer address change (state: NodeState) =
        let changed = change (peer address state)

        if changed.Open.IsEmpty && changed.RetellAt.IsNone && changed.Refused.IsEmpty && changed.Stale.IsEmpty && not changed.Unasked then
            { state with Peers = Table.remove address state.Peers }
        else
            { state with Peers = Table.add address changed state.Peers }

    let others goal (state: NodeState) =
        match channel (Goal.id goal).Channel state with
        | ValueSome c -> c.Terms.Others
        | ValueNone -> []
