namespace Nitro.Kernel

open System
open System.Collections.Generic
open System.Collections.Immutable
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

/// Lets a dictionary store a value without first comparing it, part by part, with the one it replaces.
[<Sealed>]
type internal Replacing<'V>() =
    static member val Instance = Replacing<'V>() :> IEqualityComparer<'V>

    interface IEqualityComparer<'V> with
        member _.Equals(_, _) = false
        member _.GetHashCode _ = 0

/// A persistent dictionary for large collections: hashed look-ups, and equality by contents (Map compares keys through boxing).
/// Iteration order depends on the keys alone, so it is the same on every run.
[<CustomEquality; NoComparison>]
type internal Table<'K, 'V when 'K: equality and 'K: not null and 'V: equality> =
    { Settled: ImmutableDictionary<'K, 'V>
      /// A table that is drafted holds its entries here and changes them in place; `Settled` says nothing then.
      Draft: Dictionary<'K, 'V> | null }

    /// The entries as they stand. Of a draft a copy.
    member this.Items =
        match this.Draft with
        | null -> this.Settled
        | draft ->
            let items = this.Settled.Clear().ToBuilder()
            for pair in draft do items[pair.Key] <- pair.Value
            items.ToImmutable()

    override this.Equals(other: obj) =
        match other with
        | :? Table<'K, 'V> as o ->
            let mine, theirs = this.Items, o.Items

            Object.ReferenceEquals(mine, theirs)
            || (mine.Count = theirs.Count
                && mine
                   |> Seq.forall (fun pair ->
                       match theirs.TryGetValue pair.Key with
                       | true, value -> Unchecked.equals value pair.Value
                       | _ -> false))
        | _ -> false

    override this.GetHashCode() = match this.Draft with null -> this.Settled.Count | draft -> draft.Count

module internal Table =
    let empty<'K, 'V when 'K: equality and 'K: not null and 'V: equality> : Table<'K, 'V> =
        { Settled = ImmutableDictionary.Create<'K, 'V>(null, Replacing<'V>.Instance)
          Draft = null }

    let count (table: Table<'K, 'V>) =
        match table.Draft with
        | null -> table.Settled.Count
        | draft -> draft.Count

    let containsKey key (table: Table<'K, 'V>) =
        match table.Draft with
        | null -> table.Settled.ContainsKey key
        | draft -> draft.ContainsKey key

    let tryFind key (table: Table<'K, 'V>) : 'V voption =
        match table.Draft with
        | null ->
            match table.Settled.TryGetValue key with
            | true, value -> ValueSome value
            | _ -> ValueNone
        | draft ->
            match draft.TryGetValue key with
            | true, value -> ValueSome value
            | _ -> ValueNone

    let add key value (table: Table<'K, 'V>) =
        match table.Draft with
        | null -> { table with Settled = table.Settled.SetItem(key, value) }
        | draft ->
            draft[key] <- value
            table

    let remove key (table: Table<'K, 'V>) =
        match table.Draft with
        | null -> { table with Settled = table.Settled.Remove key }
        | draft ->
            draft.Remove key |> ignore
            table

    /// Changes an entry that is there; leaves the table alone otherwise.
    let change key (f: 'V -> 'V) (table: Table<'K, 'V>) =
        match table.Draft with
        | null ->
            match table.Settled.TryGetValue key with
            | true, value -> { table with Settled = table.Settled.SetItem(key, f value) }
            | _ -> table
        | draft ->
            let value = &CollectionsMarshal.GetValueRefOrNullRef(draft, key)
            if not (Unsafe.IsNullRef &value) then value <- f value
            table

    let toSeq (table: Table<'K, 'V>) =
        match table.Draft with
        | null -> table.Settled |> Seq.map (fun pair -> struct (pair.Key, pair.Value))
        | draft -> draft |> Seq.map (fun pair -> struct (pair.Key, pair.Value))

    let values (table: Table<'K, 'V>) = toSeq table |> Seq.map (fun struct (_, value) -> value)

    /// With the entries of another.
    let addAll (others: Table<'K, 'V>) (table: Table<'K, 'V>) =
        toSeq others |> Seq.fold (fun table (struct (key, value)) -> add key value table) table

    /// The same entries, from here on changed in place: for who reads a long journal, and never looks back at a table as it was.
    let draft (table: Table<'K, 'V>) =
        match table.Draft with
        | null -> { table with Draft = Dictionary(table.Settled) }
        | _ -> table

    /// The same table, with room for so many entries where it is drafted.
    let roomFor (entries: int) (table: Table<'K, 'V>) =
        match table.Draft with
        | null -> ()
        | draft -> draft.EnsureCapacity entries |> ignore

        table

    /// What a draft has come to, never changed again.
    let settle (table: Table<'K, 'V>) =
        match table.Draft with
        | null -> table
        | _ -> { Settled = table.Items; Draft = null }
