namespace Nitro

open Nitro.Kernel
open Nitro.Node

/// Folds a journal into the node it stands for, record by record. For one thread at a time: what is remembered is changed in place until
/// `Finish`, which takes less than half of the time that a node for each record would.
[<Sealed>]
type NodeReplay internal (settings: Settings, state: NodeState, epoch: EpochMark) =
    let mutable state = NodeDraft.begin' state
    let mutable epoch = epoch

    /// The position of the record that is due next.
    member _.Position = state.Position
    /// The position of the epoch's first record.
    member _.EpochStart = epoch.Start

    /// One more record of the journal.
    member _.Fold(atMicros: int64, fact: NodeFact) =
        epoch <- NodeEpochs.After(epoch, state, fact.Fact)
        state <- NodeDraft.fold state (Instant atMicros) fact.Fact

    /// The node after the records so far.
    member _.Finish() : NodeHandle =
        state <- NodeDraft.finish state
        NodeHandle(settings, state, epoch)
