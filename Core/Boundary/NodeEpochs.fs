namespace Nitro

open System.Runtime.InteropServices
open Nitro.Node
open Nitro.Engine

/// How a long journal is closed: the opening of an epoch restates all that lives, and a restart begins there.
[<AbstractClass; Sealed>]
type NodeEpochs private () =
    static member private Mark(number, start, records: int) : EpochMark =
        { Number = number
          Start = start
          Restated = start + int64 records }

    /// The node after one more fact of its journal.
    static member internal After(node: NodeHandle, fact: Fact, state: NodeState) =
        match fact with
        | EpochOpened(number, facts, _) -> NodeHandle(node.Settings, state, NodeEpochs.Mark(number, node.State.Position, facts))
        | _ -> node.With state

    /// A node that knows nothing yet, whose journal is read from this position: the start of an epoch.
    static member CreateAt(settings: NodeSettings, position: int64) =
        NodeHandle(settings.Settings, { NodeState.empty with Position = position }, NodeEpochs.Mark(0, 0L, 0))

    /// Writes the opening of this node beforehand. Takes its time (some 10 microseconds a record), on any thread; the node may go on.
    static member Draft(node: NodeHandle) = EpochDraft(EpochDraft.write node.State)

    /// The opening of this node as it is now; of a draft, what did not change since is used. Between steps: the records take the
    /// next positions. False: a bug of ours, and the opening must not be used; the node and its journal are as good as before.
    static member TryOpen
        (node: NodeHandle, draft: EpochDraft, [<Out>] opening: byref<EpochOpening | null>, [<Out>] error: byref<string>) : bool =
        let number = node.Epoch + 1

        match EpochDraft.finish number draft.Draft node.State with
        | Ok found ->
            let next = NodeHandle(node.Settings, found.State, NodeEpochs.Mark(number, node.State.Position, found.Records.Length))
            opening <- EpochOpening(next, [| for struct (name, version, body) in found.Records -> CoreRecord(name, version, body) |])
            error <- ""
            true
        | Error reason ->
            opening <- null
            error <- reason
            false
