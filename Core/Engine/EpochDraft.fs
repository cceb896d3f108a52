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
      Records: struct (string * int * byte[]) list }

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
        facts |> List.map writeFact |> all |> Result.map (fun records -> { Facts = facts; Records = records })

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

    /// The opening of the state as it is now, folded to see that it gives this very state. An error is a bug of ours: that opening
    /// must not be used, while the journal as it stands is as good as ever.
    let finish number (draft: Draft) (state: NodeState) : Result<OpenedEpoch, string> =
        let find (part: EpochPart) =
            match draft.Written.TryGetValue part.Source with
            | true, written -> Ok written
            | _ -> writePart part

        let opening (parts: WrittenPart list) =
            let count = 1 + (parts |> List.sumBy _.Facts.Length)
            let first = Epoch.opened number count state
            let folded = Epoch.fold state.Position (Seq.append [ first ] (parts |> Seq.collect _.Facts))
            let after = { state with Position = state.Position + int64 count }

            if folded <> after then
                Error "the opening does not restate the node as it is"
            else
                writeFact first
                |> Result.map (fun record ->
                    { State = after
                      Records = [| record; for part in parts do yield! part.Records |] })

        Epoch.parts state |> Seq.map find |> Seq.toList |> all |> Result.bind opening
