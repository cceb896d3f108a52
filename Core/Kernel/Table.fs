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
    { Items: ImmutableDictionary<'K, 'V>
      /// A table that is drafted holds its entries here and changes them in place; `Items` says nothing then.
      Draft: Dictionary<'K, 'V> | null }

    override this.Equals(other: obj) =
        match other with
        | :? Table<'K, 'V> as o ->
            Object.ReferenceEquals(this.Items, o.Items)
            || (this.Items.Count = o.Items.Count
                && this.Items
                   |> Seq.forall (fun pair ->
                       match o.Items.TryGetValue pair.Key with
                       | true, value -> Unchecked.equals value pair.Value
                       | _ -> false))
        | _ -> false

    override this.GetHashCode() = this.Items.Count

module internal Table =
    let empty<'K, 'V when 'K: equality and 'K: not null and 'V: equality> : Table<'K, 'V> =
        { Items = ImmutableDictionary.Create<'K, 'V>(null, Replacing<'V>.Instance)
          Draft = null }

    let count (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> table.Items.Count
        | NonNull draft -> draft.Count

    let containsKey key (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> table.Items.ContainsKey key
        | NonNull draft -> draft.ContainsKey key

    let tryFind key (table: Table<'K, 'V>) : 'V voption =
        let of' (found: bool, value) = if found then ValueSome value else ValueNone

        match table.Draft with
        | Null -> of' (table.Items.TryGetValue key)
        | NonNull draft -> of' (draft.TryGetValue key)

    let add key value (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> { table with Items = table.Items.SetItem(key, value) }
        | NonNull draft ->
            draft[key] <- value
            table

    let remove key (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> { table with Items = table.Items.Remove key }
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
        | Null -> table.Items |> Seq.map (fun pair -> struct (pair.Key, pair.Value))
        | NonNull draft -> draft |> Seq.map (fun pair -> struct (pair.Key, pair.Value))

    let values (table: Table<'K, 'V>) = toSeq table |> Seq.map (fun struct (_, value) -> value)

    /// The same entries, from here on changed in place: for who reads a long journal, and never looks back at a table as it was.
    let draft (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> { table with Draft = Dictionary(table.Items) }
        | NonNull _ -> table

    /// What a draft has come to, never changed again.
    let settle (table: Table<'K, 'V>) =
        match table.Draft with
        | Null -> table
        | NonNull draft ->
            let items = table.Items.Clear().ToBuilder()
            for pair in draft do items[pair.Key] <- pair.Value
            { Items = items.ToImmutable(); Draft = null }
