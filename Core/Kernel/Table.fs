namespace Nitro.Kernel

open System
open System.Collections.Immutable

/// Lets a dictionary store a value without first comparing it, part by part, with the one it replaces.
[<Sealed>]
type internal Replacing<'V>() =
    static member val Instance = Replacing<'V>() :> Collections.Generic.IEqualityComparer<'V>

    interface Collections.Generic.IEqualityComparer<'V> with
        member _.Equals(_, _) = false
        member _.GetHashCode _ = 0

/// A persistent dictionary for large collections: hashed look-ups, and equality by contents (Map compares keys through boxing).
/// Iteration order depends on the keys alone, so it is the same on every run.
[<CustomEquality; NoComparison>]
type internal Table<'K, 'V when 'K: equality and 'K: not null and 'V: equality> =
    { Items: ImmutableDictionary<'K, 'V> }

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
        { Items = ImmutableDictionary.Create<'K, 'V>(null, Replacing<'V>.Instance) }
    let count (table: Table<'K, 'V>) = table.Items.Count
    let containsKey key (table: Table<'K, 'V>) = table.Items.ContainsKey key

    let tryFind key (table: Table<'K, 'V>) : 'V voption =
        match table.Items.TryGetValue key with
        | true, value -> ValueSome value
        | _ -> ValueNone

    let add key value (table: Table<'K, 'V>) = { Items = table.Items.SetItem(key, value) }
    let remove key (table: Table<'K, 'V>) = { Items = table.Items.Remove key }

    /// Changes an entry that is there; leaves the table alone otherwise.
    let change key (f: 'V -> 'V) (table: Table<'K, 'V>) =
        match tryFind key table with
        | ValueSome value -> add key (f value) table
        | ValueNone -> table

    let values (table: Table<'K, 'V>) = table.Items.Values
    let toSeq (table: Table<'K, 'V>) = table.Items |> Seq.map (fun pair -> struct (pair.Key, pair.Value))
