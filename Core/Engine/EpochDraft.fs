namespace Nitro.Engine

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Node
open Nitro.Wire

/// What one part of the state restates, in both forms.
type internal WrittenPart =
    { Facts: Fact list
      /// Wire names, versions and bodies.
      Records: struct (string * int * byte[]) list
      /// Depends on no other part, and was folded by itself.
      IsAlone: bool }

/// An opening written beforehand, beside a node that goes on: the parts that stay as they are need not be written again.
type internal Draft =
    { /// By the very value that they are made of.
      Written: Dictionary<obj, WrittenPart>
      /// Facts of the opening, had it been opened then.
      Count: int }

/// The records of an opening, and the state after it.
type internal OpenedEpoch =
    { State: NodeState
      Records: struct (string * int * byte[])[] }

module internal EpochDraft =
    /// The first error, or all of it.
    let private all (results: Result<'T, string> list) : Result<'T list, string> =
        match results |> List.tryPick (fun result -> match result with Error reason -> Some reason | Ok _ -> None) with
        | Some reason -> Error reason
        | None -> Ok(results |> List.choose Result.toOption)

    /// The bytes are read back: what could not be must never stand in a journal.
    let private writeFact (fact: Fact) : Result<struct (string * int * byte[]), string> =
        let struct (name, version, body) as record = LogV1.encode fact

        match LogV1.decode name version (ReadOnlyMemory body) with
        | Ok found when found = fact -> Ok record
        | Ok _ -> Error $"{name} is not read as it was written"
        | Error reason -> Error $"what was written cannot be read: {reason}"

    let private writePart (part: EpochPart) : Result<WrittenPart, string> =
        let facts = part.Items() |> List.map Restated

        match part.IsGivenBy with
        | ValueSome isGivenBy when not (isGivenBy (Epoch.restate NodeState.empty facts)) -> Error $"what restates a {part.Source.GetType().Name} does not give it"
        | _ ->
            facts
            |> List.map writeFact
            |> all
            |> Result.map (fun records ->
                { Facts = facts
                  Records = records
                  IsAlone = part.IsGivenBy.IsSome })

    /// Of a published state, on any thread. A part that cannot be written is left out, and found again by `finish`.
    let write (state: NodeState) : Draft =
        let written = Dictionary<obj, WrittenPart> HashIdentity.Reference
        let mutable count = 1

        for part in Epoch.parts state do
            match writePart part with
            | Ok found ->
                written[part.Source] <- found
                count <- count + found.Facts.Length
            | Error _ -> ()

        { Written = written; Count = count }

    /// The parts of the state as it is now, and the first error.
    let private collect (draft: Draft) (state: NodeState) =
        let parts = List<WrittenPart>()
        let mutable error = ValueNone

        for part in Epoch.parts state do
            match draft.Written.TryGetValue part.Source with
            | true, written -> parts.Add written
            | _ ->
                match writePart part with
                | Ok written -> parts.Add written
                | Error reason -> if error.IsNone then error <- ValueSome reason

        match error with
        | ValueSome reason -> Error reason
        | ValueNone -> Ok parts

    /// The opening of the state as it is now, once it is known to give this very state. An error is a bug of ours: that opening must
    /// not be used, while the journal as it stands is as good as ever.
    let finish number (draft: Draft) (state: NodeState) : Result<OpenedEpoch, string> =
        let opening (parts: List<WrittenPart>) =
            let mutable folded = Epoch.alone state
            let mutable count = 1
            let mutable alone = 0

            for part in parts do
                count <- count + part.Facts.Length
                // What depends on no other part was folded by itself when it was written.
                if part.IsAlone then alone <- alone + 1 else folded <- Epoch.restate folded part.Facts

            let after = { state with Position = state.Position + int64 count }
            let isWhole = alone = Table.count state.Channels + Table.count state.Requests && state.RequestOrder.Items.Length = Table.count state.Requests

            if not isWhole || { folded with Position = after.Position } <> after then
                Error "the opening does not restate the node as it is"
            else
                writeFact (Epoch.opened number count state)
                |> Result.map (fun first ->
                    let records = Array.zeroCreate count
                    records[0] <- first
                    let mutable next = 1

                    for part in parts do
                        for record in part.Records do
                            records[next] <- record
                            next <- next + 1

                    { State = after; Records = records })

        collect draft state |> Result.bind opening
