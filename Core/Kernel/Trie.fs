namespace Nitro.Kernel

open System
open System.Collections
open System.Collections.Generic
open System.Numerics
open System.Runtime.CompilerServices

/// A node of a trie over hashes, five bits a level, the highest first. A leaf's map is 0, and that of a root without entries.
[<AbstractClass>]
type internal TrieNode<'K, 'V>(map: uint32) =
    /// Which of its 32 children a branch has.
    member _.Map = map

/// All entries of one hash: one, but for a coincidence.
[<Sealed>]
type internal TrieLeaf<'K, 'V>(hash: uint32, key: 'K, value: 'V, others: TrieLeaf<'K, 'V> list) =
    inherit TrieNode<'K, 'V>(0u)
    member _.Hash = hash
    member _.Key = key
    member _.Value = value
    /// Other keys of this hash, each in a leaf without others.
    member _.Others = others

/// Has at least two entries below it, unless it is the root.
[<Sealed>]
type internal TrieBranch<'K, 'V>(map: uint32, children: TrieNode<'K, 'V>[]) =
    inherit TrieNode<'K, 'V>(map)
    /// In the order of their bits.
    member _.Children = children

/// A hash trie that never changes: a change copies the few nodes above it. Its shape, and so its order, is that of the keys' hashes.
module internal Trie =
    let empty<'K, 'V> = TrieBranch<'K, 'V>(0u, [||])

    /// So that branches stand in the order of the hashes as signed numbers.
    let private hashOf (key: 'K) = uint32 (EqualityComparer<'K>.Default.GetHashCode key) ^^^ 0x8000_0000u

    let private bitAt (shift: int) (hash: uint32) = 1u <<< int ((hash <<< shift) >>> 27)
    let private indexOf (bit: uint32) (map: uint32) = BitOperations.PopCount(map &&& (bit - 1u))
    // What has no map is a leaf: asked so often that a type test would show.
    let private asLeaf (node: TrieNode<'K, 'V>) = Unchecked.nonNull (Unsafe.As<TrieLeaf<'K, 'V>> node)
    let private asBranch (node: TrieNode<'K, 'V>) = Unchecked.nonNull (Unsafe.As<TrieBranch<'K, 'V>> node)
    let private isKey (key: 'K) (leaf: TrieLeaf<'K, 'V>) = EqualityComparer<'K>.Default.Equals(leaf.Key, key)

    let private ofKey key (leaf: TrieLeaf<'K, 'V>) : 'V voption =
        if isKey key leaf then ValueSome leaf.Value
        else
            match leaf.Others |> List.tryFind (isKey key) with
            | Some other -> ValueSome other.Value
            | None -> ValueNone

    let tryFind (key: 'K) (root: TrieBranch<'K, 'V>) : 'V voption =
        let hash = hashOf key
        let mutable branch = root
        let mutable shift = 0
        let mutable found = ValueNone
        let mutable isLooking = true

        while isLooking do
            let bit = bitAt shift hash

            if branch.Map &&& bit = 0u then
                isLooking <- false
            else
                let child = branch.Children[indexOf bit branch.Map]

                if child.Map <> 0u then
                    branch <- asBranch child
                    shift <- shift + 5
                else
                    isLooking <- false
                    let leaf = asLeaf child
                    if leaf.Hash = hash then found <- ofKey key leaf

        found

    let private withChild index (child: TrieNode<'K, 'V>) (branch: TrieBranch<'K, 'V>) =
        let children = branch.Children.AsSpan().ToArray()
        children[index] <- child
        TrieBranch<'K, 'V>(branch.Map, children)

    let private inserted bit index (child: TrieNode<'K, 'V>) (branch: TrieBranch<'K, 'V>) =
        let before = branch.Children
        let children = Array.zeroCreate (before.Length + 1)
        before.AsSpan(0, index).CopyTo(Span children)
        children[index] <- child
        before.AsSpan(index).CopyTo(Span(children, index + 1, before.Length - index))
        TrieBranch<'K, 'V>(branch.Map ||| bit, children)

    /// The branch of two leaves whose hashes differ below this level.
    let rec private joined shift (a: TrieLeaf<'K, 'V>) (b: TrieLeaf<'K, 'V>) : TrieNode<'K, 'V> =
        let bitA, bitB = bitAt shift a.Hash, bitAt shift b.Hash

        let children: TrieNode<'K, 'V>[] =
            if bitA = bitB then [| joined (shift + 5) a b |]
            elif bitA < bitB then [| a; b |]
            else [| b; a |]

        TrieBranch<'K, 'V>(bitA ||| bitB, children)

    /// The leaf with the entry of another that has the same hash.
    let private together (leaf: TrieLeaf<'K, 'V>) (added: TrieLeaf<'K, 'V>) =
        let rest = if isKey added.Key leaf then leaf.Others else leaf :: leaf.Others |> List.filter (fun other -> not (isKey added.Key other))
        let alone = rest |> List.map (fun other -> if other.Others.IsEmpty then other else TrieLeaf(other.Hash, other.Key, other.Value, []))
        if alone.IsEmpty then added else TrieLeaf(added.Hash, added.Key, added.Value, alone)

    let rec private put shift (leaf: TrieLeaf<'K, 'V>) (isNew: byref<bool>) (branch: TrieBranch<'K, 'V>) : TrieBranch<'K, 'V> =
        let bit = bitAt shift leaf.Hash
        let index = indexOf bit branch.Map

        if branch.Map &&& bit = 0u then
            isNew <- true
            inserted bit index leaf branch
        else
            let child = branch.Children[index]

            if child.Map <> 0u then
                withChild index (put (shift + 5) leaf &isNew (asBranch child)) branch
            else
                let there = asLeaf child

                if there.Hash = leaf.Hash then
                    isNew <- (ofKey leaf.Key there).IsNone
                    withChild index (together there leaf) branch
                else
                    isNew <- true
                    withChild index (joined (shift + 5) there leaf) branch

    /// With the entry; `isNew`: it had none of that key.
    let set (key: 'K) (value: 'V) (isNew: byref<bool>) (root: TrieBranch<'K, 'V>) = put 0 (TrieLeaf(hashOf key, key, value, [])) &isNew root

    let private without bit index (branch: TrieBranch<'K, 'V>) =
        let before = branch.Children
        let children = Array.zeroCreate (before.Length - 1)
        before.AsSpan(0, index).CopyTo(Span children)
        before.AsSpan(index + 1).CopyTo(Span(children, index, children.Length - index))
        TrieBranch<'K, 'V>(branch.Map &&& ~~~bit, children)

    /// A branch with a single leaf is that leaf.
    let private settled (branch: TrieBranch<'K, 'V>) : TrieNode<'K, 'V> =
        if branch.Children.Length = 1 && branch.Children[0].Map = 0u then branch.Children[0] else branch

    let rec private drop shift hash key (branch: TrieBranch<'K, 'V>) : TrieBranch<'K, 'V> =
        let bit = bitAt shift hash
        let index = indexOf bit branch.Map

        if branch.Map &&& bit = 0u then branch
        else
            let child = branch.Children[index]

            if child.Map <> 0u then
                let dropped = drop (shift + 5) hash key (asBranch child)
                if Object.ReferenceEquals(dropped, child) then branch else withChild index (settled dropped) branch
            else
                let leaf = asLeaf child

                if leaf.Hash <> hash || (ofKey key leaf).IsNone then branch
                else
                    match leaf :: leaf.Others |> List.filter (fun other -> not (isKey key other)) with
                    | [] -> without bit index branch
                    | first :: rest -> withChild index (rest |> List.fold together (TrieLeaf(hash, first.Key, first.Value, []))) branch

    /// Without the entry; the same trie where there is none.
    let remove (key: 'K) (root: TrieBranch<'K, 'V>) = drop 0 (hashOf key) key root

    let rec private isSame (a: TrieNode<'K, 'V>) (b: TrieNode<'K, 'V>) : bool =
        let isIn (leaf: TrieLeaf<'K, 'V>) (entry: TrieLeaf<'K, 'V>) =
            match ofKey entry.Key leaf with
            | ValueSome value -> Unchecked.equals value entry.Value
            | ValueNone -> false

        if Object.ReferenceEquals(a, b) then true
        elif a.Map <> b.Map then false
        elif a.Map = 0u then
            let a, b = asLeaf a, asLeaf b
            a.Hash = b.Hash && a.Others.Length = b.Others.Length && isIn a b && b.Others |> List.forall (isIn a)
        else
            let a, b = (asBranch a).Children, (asBranch b).Children
            let mutable index = 0
            while index < a.Length && isSame a[index] b[index] do index <- index + 1
            index = a.Length

    /// The same entries: what the two share is not looked into.
    let equals (a: TrieBranch<'K, 'V>) (b: TrieBranch<'K, 'V>) = if a.Map = 0u then b.Map = 0u else isSame a b

    let rec private walk (node: TrieNode<'K, 'V>) : seq<TrieLeaf<'K, 'V>> =
        seq {
            if node.Map = 0u then
                let leaf = asLeaf node
                leaf
                yield! leaf.Others
            else
                for child in (asBranch node).Children do yield! walk child
        }

    /// Every entry, by the hash of its key.
    let entries (root: TrieBranch<'K, 'V>) : seq<TrieLeaf<'K, 'V>> = if root.Map = 0u then Seq.empty else walk root
