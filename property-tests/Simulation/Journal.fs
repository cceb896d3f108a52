namespace Nitro.Simulation

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Node
open Nitro.Engine
open Nitro.Wire

/// One record as it lies on the disk.
type internal JournalRecord =
    { At: Instant
      Name: string
      Version: int
      Body: byte[] }

/// A node's journal: what is durable of it, and the state that its bytes stand for.
[<Sealed>]
type internal Journal(ground: Ground) =
    let records = List<JournalRecord>()
    // By position, what the bytes say; the facts that were written are not kept.
    let facts = List<Fact>()
    let mutable state = NodeState.empty
    let mutable epochStart = 0

    let read (record: JournalRecord) =
        match LogV1.decode record.Name record.Version (ReadOnlyMemory record.Body) with
        | Ok fact -> fact
        | Error reason -> ground.Fail $"a record cannot be read: {reason}"

    member _.Records = records
    member _.Count = records.Count
    /// Folded from the decoded bytes, record by record as they became durable: the second fold.
    member _.State = state
    /// As read from the bytes.
    member _.Fact(position: int64) = if position < int64 facts.Count then ValueSome facts[int position] else ValueNone
    member _.LastAt = if records.Count = 0 then 0L else records[records.Count - 1].At.Micros

    member _.Append(at: Instant, fact: Fact) =
        let struct (name, version, body) = LogV1.encode fact

        let record =
            { At = at
              Name = name
              Version = version
              Body = body }

        records.Add record
        let fact = read record
        facts.Add fact
        state <- NodeState.evolve state at fact

    /// An epoch's opening, all of it or nothing, and the state after it; a restart knows nothing of what stands before.
    member _.OpenEpoch(at: Instant, made: Result<OpenedEpoch, string>) : NodeState =
        match made with
        | Error reason -> ground.Fail $"no epoch can be opened: {reason}"
        | Ok opened ->
            epochStart <- records.Count

            for struct (name, version, body) in opened.Records do
                let record = { At = at; Name = name; Version = version; Body = body }
                let fact = read record
                records.Add record
                facts.Add fact
                state <- NodeState.evolve state at fact

            if state <> opened.State then ground.Fail "an epoch's opening does not give the live state"
            opened.State

    /// Only an older copy is left, and nobody says so.
    member this.SetBackSilently(count: int) =
        records.RemoveRange(count, records.Count - count)
        facts.RemoveRange(count, facts.Count - count)
        state <- this.Replayed()

    /// The same with the mark behind it that whoever restores it puts there.
    member this.SetBack(count: int, at: Instant) =
        this.SetBackSilently count
        this.Append(at, JournalRestored)

    /// All of the epoch once more from its first byte, as a restarting node does it: in tables that are changed in place.
    member _.Replayed() =
        records
        |> Seq.skip epochStart
        |> Seq.fold
            (fun state record -> NodeDraft.fold state record.At (read record))
            (NodeDraft.begin' { NodeState.empty with Position = int64 epochStart })
        |> NodeDraft.finish
