namespace Nitro

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open Nitro.Engine

/// A piece of a node's image, read. Made by `NodeImage.TryRead`.
[<Sealed>]
type NodePiece internal (piece: ImagePiece) =
    member internal _.Piece = piece

/// A node's whole state in bytes that this very program reads again, in pieces that can be read side by side. Not for keeping: a
/// changed program reads other bytes.
[<AbstractClass; Sealed>]
type NodeImage private () =
    /// Takes its time (some microseconds a channel), on any thread; the node may go on.
    static member Write(node: NodeHandle) : IReadOnlyList<ReadOnlyMemory<byte>> =
        [| for piece in StateImage.write node.State -> ReadOnlyMemory piece |]

    /// Reads one piece, on any thread. False where it cannot be read.
    static member TryRead(bytes: ReadOnlyMemory<byte>, [<Out>] piece: byref<NodePiece | null>, [<Out>] error: byref<string>) : bool =
        match StateImage.read bytes with
        | Ok found ->
            piece <- NodePiece found
            error <- ""
            true
        | Error reason ->
            piece <- null
            error <- reason
            false

    /// What all pieces give, in the order in which they were written, where its journal stands: what follows there may be folded over it.
    static member Assemble
        (settings: NodeSettings, pieces: IReadOnlyList<NodePiece>, position: int64, seenHeight: int64, epoch: int, start: int64, restated: int64) =
        let state = StateImage.assemble position (uint64 seenHeight) [ for piece in pieces -> piece.Piece ]
        NodeReplay(settings.Settings, state, { Number = epoch; Start = start; Restated = restated })

    /// Whether two nodes know the same.
    static member IsSame(a: NodeHandle, b: NodeHandle) = a.State = b.State
