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

    static member internal First = NodeEpochs.Mark(0, 0L, 0)

    /// The epoch in force after one more fact of the journal of that state.
    static member internal After(epoch: EpochMark, state: NodeState, fact: Fact) =
        match fact with
        | EpochOpened(number, facts, _) -> NodeEpochs.Mark(number, state.Position, facts)
        | _ -> epoch

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
