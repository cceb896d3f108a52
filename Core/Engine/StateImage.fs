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
    /// To be done in order to what the others give.
    | Changes of (NodeState -> NodeState) list

/// A whole state in pieces, which can be read side by side: the facts of an epoch's opening, packed. For snapshots.
module internal StateImage =
    // Who reads a piece has a list of all values in it and tables of all its parts: of so few they are small objects to the collector.
    let private partsTogether = 250

    let private hashes (r: RestatedChannel) (state: NodeState) =
        match NodeState.channel r.Terms.Id state with
        | ValueSome c ->
            [ for variable in RestatedFolds.variables r do
                  for seen in Channel.at variable.Turn c do
                      if seen.Variable = variable then seen.Hash ]
        | ValueNone -> []

    // A quarter of the work of reading a channel would be to hash its states.
    let private pack (state: NodeState) (isAlone: bool) (things: List<Restatement>) =
        let writer = PackWriter()
        writer.Flag isAlone
        writer.Count things.Count

        for thing in things do
            RestatedPack.write writer thing

            match thing with
            | ChannelRestated r -> writer.List(writer.Bytes32, hashes r state)
            | _ -> ()

        writer.ToArray()

    /// What it does to a state.
    let private unpack (reader: PackReader) () : NodeState -> NodeState =
        match RestatedUnpack.read reader with
        | ChannelRestated r -> RestatedFolds.channelAgain (reader.List reader.Bytes32) r
        | thing -> RestatedFolds.restate thing

    /// The pieces of a state, in order. What they say is not checked: `read` them for that.
    let write (state: NodeState) : byte[] list =
        let pieces = List<byte[]>()
        let things = List<Restatement>()
        let mutable isAlone = true
        let mutable together = 0

        let finish () =
            if things.Count > 0 then pieces.Add(pack state isAlone things)
            things.Clear()
            together <- 0

        for part in Epoch.parts state do
            if part.IsGivenBy.IsSome <> isAlone || together = partsTogether then finish ()
            isAlone <- part.IsGivenBy.IsSome
            together <- together + 1
            things.AddRange(part.Items())

        finish ()
        List.ofSeq pieces

    let private fold (state: NodeState) (changes: (NodeState -> NodeState) list) = changes |> List.fold (fun state change -> change state) state

    /// A piece, or what is wrong with it. Total, and for any thread.
    let read (bytes: ReadOnlyMemory<byte>) : Result<ImagePiece, string> =
        let reader = PackReader bytes
        let isAlone = reader.Flag()
        let changes = reader.List(unpack reader)

        if reader.Wrong <> "" then Error reader.Wrong
        elif isAlone then
            let folded = fold (NodeDraft.begin' NodeState.empty) changes
            Ok(Folded(folded, folded.RequestOrder.Items))
        else
            Ok(Changes changes)

    /// The state that all pieces give, in their order; drafted, since most often more is folded over it.
    let assemble position seenHeight (pieces: ImagePiece list) : NodeState =
        let alone (state: NodeState) (folded: NodeState) =
            { state with
                Channels = Table.addAll folded.Channels state.Channels
                Requests = Table.addAll folded.Requests state.Requests }

        let put state piece =
            match piece with
            | Folded(folded, _) -> alone state folded
            | Changes changes -> fold state changes

        let order = pieces |> List.collect (fun piece -> match piece with Folded(_, requests) -> requests | Changes _ -> [])
        let entries count = pieces |> List.sumBy (fun piece -> match piece with Folded(folded, _) -> count folded | Changes _ -> 0)
        let none = NodeDraft.begin' { NodeState.empty with Position = position; SeenHeight = seenHeight; RequestOrder = Line.ofList order }

        let first =
            { none with
                Channels = Table.roomFor (entries (fun folded -> Table.count folded.Channels)) none.Channels
                Requests = Table.roomFor (entries (fun folded -> Table.count folded.Requests)) none.Requests }

        pieces |> List.fold put first
