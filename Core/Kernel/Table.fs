namespace Nitro.Kernel

open System
open System.Collections.Generic
open System.Collections.Immutable

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
        | Null -> this.Settled
        | NonNull draft ->
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

    override this.GetHashCode() = match this.Draft with Null -> this.Settled.Count | NonNull draft -> draft.Count

module internal Table =
    let empty<'K, 'V when 'K: equality and 'K: not null and 'V: equality> : Table<'K, 'V> =
        { Settled = ImmutableDictionary.Create<'K, 'V>(null, Replacing<'V>.Instance)
          Draft = null }

    let count (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> table.Settled.Count
        | NonNull draft -> draft.Count

    let containsKey key (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> table.Settled.ContainsKey key
        | NonNull draft -> draft.ContainsKey key

    let tryFind key (table: Table<'K, 'V>) : 'V voption =
        let of' (found: bool, value) = if found then ValueSome value else ValueNone

        match table.Draft with
        | Null -> of' (table.Settled.TryGetValue key)
        | NonNull draft -> of' (draft.TryGetValue key)

    let add key value (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> { table with Settled = table.Settled.SetItem(key, value) }
        | NonNull draft ->
            draft[key] <- value
            table

    let remove key (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> { table with Settled = table.Settled.Remove key }
        | NonNull draft ->
            draft.Remove key |> ignore
            table

    /// Changes an entry that is there; leaves the table alone otherwise.
    let change key (f: 'V -> 'V) (table: Table<'K, 'V>) =
        match tryFind key table with
        | ValueSome value -> add key (f value) table
        | ValueNone -> table

    let toSeq (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> table.Settled |> Seq.map (fun pair -> struct (pair.Key, pair.Value))
        | NonNull draft -> draft |> Seq.map (fun pair -> struct (pair.Key, pair.Value))

    let values (table: Table<'K, 'V>) = toSeq table |> Seq.map (fun struct (_, value) -> value)

    /// The same entries, from here on changed in place: for who reads a long journal, and never looks back at a table as it was.
    let draft (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> { table with Draft = Dictionary(table.Settled) }
        | NonNull _ -> table

    /// What a draft has come to, never changed again.
    let settle (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> table
        | NonNull _ -> { Settled = table.Items; Draft = null }
