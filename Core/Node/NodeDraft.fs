namespace Nitro.Node

open Nitro.Kernel

/// What is done to a table, whatever it holds.
type internal ITableChange =
    abstract Of: Table<'K, 'V> -> Table<'K, 'V> when 'K: equality and 'K: not null and 'V: equality

/// A state whose tables are changed in place, for who folds many facts and needs only the state after the last: a third of the work.
/// Each fact gives a state as ever, but it is the newest alone that may be read: folds keep to that, and ask a state before they change it.
module internal NodeDraft =
    let private onTables (change: ITableChange) (state: NodeState) =
        { state with
            Channels = change.Of state.Channels
            Objectives = change.Of state.Objectives
            Tombstones = change.Of state.Tombstones
            Ledgers = change.Of state.Ledgers
            Peers = change.Of state.Peers
            Requests = change.Of state.Requests
            Outbox =
                { state.Outbox with
                    Unfinished = change.Of state.Outbox.Unfinished
                    Keys = change.Of state.Outbox.Keys
                    Slots = change.Of state.Outbox.Slots
                    PerPeer = change.Of state.Outbox.PerPeer
                    PerChannel = change.Of state.Outbox.PerChannel } }

    let private drafting =
        { new ITableChange with
            member _.Of table = Table.draft table }

    let private settling =
        { new ITableChange with
            member _.Of table = Table.settle table }

    /// The same state, its tables drafted.
    let begin' state = onTables drafting state

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
    let finish state = onTables settling state
