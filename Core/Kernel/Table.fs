namespace Nitro.Kernel

open System

/// What a table holds, by the hash of the key.
[<Sealed>]
type internal TableItems<'K, 'V when 'K: equality and 'K: not null and 'V: equality>(root: TrieBranch<'K, 'V>, count: int) =
    member internal _.Root = root
    member _.Count = count
    member _.Keys: seq<'K> = Trie.entries root |> Seq.map (fun entry -> entry.Key)
    member _.Values: seq<'V> = Trie.entries root |> Seq.map (fun entry -> entry.Value)

/// A persistent dictionary for large collections: hashed look-ups, and equality by contents (Map compares keys through boxing).
/// Iteration order depends on the keys alone, so it is the same on every run.
[<Struct; CustomEquality; NoComparison>]
type internal Table<'K, 'V when 'K: equality and 'K: not null and 'V: equality> =
    { Items: TableItems<'K, 'V> }

    member this.Equals(other: Table<'K, 'V>) = this.Items.Count = other.Items.Count && Trie.equals this.Items.Root other.Items.Root
    override this.Equals(other: obj) = match other with :? Table<'K, 'V> as o -> this.Equals o | _ -> false
    override this.GetHashCode() = this.Items.Count

    interface IEquatable<Table<'K, 'V>> with
        member this.Equals other = this.Equals other

module internal Table =
    let empty<'K, 'V when 'K: equality and 'K: not null and 'V: equality> : Table<'K, 'V> = { Items = TableItems<'K, 'V>(Trie.empty, 0) }
    let count (table: Table<'K, 'V>) = table.Items.Count
    let tryFind key (table: Table<'K, 'V>) : 'V voption = Trie.tryFind key table.Items.Root
    let containsKey key (table: Table<'K, 'V>) = (tryFind key table).IsSome

    /// The value takes the place of one that is there, without being compared with it.
    let add key value (table: Table<'K, 'V>) : Table<'K, 'V> =
        let mutable isNew = false
        let root = Trie.set key value &isNew table.Items.Root
        { Items = TableItems(root, (if isNew then table.Items.Count + 1 else table.Items.Count)) }

    let remove key (table: Table<'K, 'V>) : Table<'K, 'V> =
        let root = Trie.remove key table.Items.Root
        if Object.ReferenceEquals(root, table.Items.Root) then table else { Items = TableItems(root, table.Items.Count - 1) }

    /// Changes an entry that is there; leaves the table alone otherwise.
    let change key (f: 'V -> 'V) (table: Table<'K, 'V>) : Table<'K, 'V> =
        match tryFind key table with
        | ValueSome value -> add key (f value) table
        | ValueNone -> table

    let values (table: Table<'K, 'V>) = table.Items.Values
    let toSeq (table: Table<'K, 'V>) = Trie.entries table.Items.Root |> Seq.map (fun entry -> struct (entry.Key, entry.Value))
