namespace Nitro.Node

open Nitro.Kernel

/// What is done to a collection, whatever it holds.
type internal ICollectionChange =
    abstract Of: Table<'K, 'V> -> Table<'K, 'V> when 'K: equality and 'K: not null and 'V: equality
    abstract OfLine: Line<'T> -> Line<'T> when 'T: equality

/// A state whose tables are changed in place, for who folds many facts and needs only the state after the last: a third of the work.
/// Each fact gives a state as ever, but it is the newest alone that may be read: folds keep to that, and ask a state before they change it.
module internal NodeDraft =
    let private onAll (change: ICollectionChange) (state: NodeState) =
        { state with
            Channels = change.Of state.Channels
            Objectives = change.Of state.Objectives
            Tombstones = change.Of state.Tombstones
            Ledgers = change.Of state.Ledgers
            Peers = change.Of state.Peers
            Requests = change.Of state.Requests
            RequestOrder = change.OfLine state.RequestOrder
            Outbox =
                { state.Outbox with
                    Unfinished = change.Of state.Outbox.Unfinished
                    Keys = change.Of state.Outbox.Keys
                    Slots = change.Of state.Outbox.Slots
                    PerPeer = change.Of state.Outbox.PerPeer
                    PerChannel = change.Of state.Outbox.PerChannel } }

    let private drafting =
        { new ICollectionChange with
            member _.Of table = Table.draft table
            member _.OfLine line = Line.draft line }

    let private settling =
        { new ICollectionChange with
            member _.Of table = Table.settle table
            member _.OfLine line = Line.settle line }

    /// The same state, its tables drafted.
    let begin' state = onAll drafting state

    /// The state after one more fact; what was given in must not be used any more.
    let fold (state: NodeState) at fact =
        let position = state.Position + 1L
        let changed = NodeState.change state at fact

        let next =
            match fact with
            // Begins with new tables.
            | EpochOpened _ -> begin' changed
            | _ -> changed

        next.Position <- position
        next

    /// The state as it stands, never changed again.
    let finish state = onAll settling state
