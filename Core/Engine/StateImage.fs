namespace Nitro.Engine

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Node
open Nitro.Wire

/// A piece of a state's image, read.
type internal ImagePiece =
    /// Parts that depend on no other, folded by themselves: channels and requests, the requests in their order.
    | Folded of NodeState * RequestId list
    /// To be folded in order over what the others give.
    | Facts of Restatement list

/// A whole state in pieces, which can be read side by side: the facts of an epoch's opening, packed. For snapshots.
module internal StateImage =
    let private partsTogether = 1_000

    let private pack (isAlone: bool) (things: List<Restatement>) =
        let writer = PackWriter()
        writer.Flag isAlone
        writer.Count things.Count
        for thing in things do RestatedPack.write writer thing
        writer.ToArray()

    /// The pieces of a state, in order. What they say is not checked: `read` them for that.
    let write (state: NodeState) : byte[] list =
        let pieces = List<byte[]>()
        let things = List<Restatement>()
        let mutable isAlone = true
        let mutable together = 0

        let finish () =
            if things.Count > 0 then pieces.Add(pack isAlone things)
            things.Clear()
            together <- 0

        for part in Epoch.parts state do
            if part.IsGivenBy.IsSome <> isAlone || together = partsTogether then finish ()
            isAlone <- part.IsGivenBy.IsSome
            together <- together + 1
            things.AddRange(part.Items())

        finish ()
        List.ofSeq pieces

    let private restate (state: NodeState) (things: Restatement list) = things |> List.fold (fun state thing -> RestatedFolds.restate thing state) state

    /// A piece, or what is wrong with it. Total, and for any thread.
    let read (bytes: ReadOnlyMemory<byte>) : Result<ImagePiece, string> =
        let reader = PackReader bytes
        let isAlone = reader.Flag()
        let things = reader.List(fun () -> RestatedUnpack.read reader)

        if reader.Wrong <> "" then Error reader.Wrong
        elif isAlone then
            let folded = restate NodeState.empty things
            Ok(Folded(folded, folded.RequestOrder.Items))
        else
            Ok(Facts things)

    /// The state that all pieces give, in their order.
    let assemble position seenHeight (pieces: ImagePiece list) : NodeState =
        let alone (state: NodeState) (folded: NodeState) =
            { state with
                Channels = Table.toSeq folded.Channels |> Seq.fold (fun table (struct (id, c)) -> Table.add id c table) state.Channels
                Requests = Table.toSeq folded.Requests |> Seq.fold (fun table (struct (id, r)) -> Table.add id r table) state.Requests }

        let put state piece =
            match piece with
            | Folded(folded, _) -> alone state folded
            | Facts things -> restate state things

        let order = pieces |> List.collect (fun piece -> match piece with Folded(_, requests) -> requests | Facts _ -> [])
        let first = { NodeState.empty with Position = position; SeenHeight = seenHeight; RequestOrder = Line.ofList order }
        pieces |> List.fold put first
