/// A table holds what a dictionary would, whatever came first, and of whatever hashes.
module Nitro.Core.Tests.Kernel.TableTests

open System.Collections.Generic
open FsCheck
open FsCheck.FSharp
open Xunit
open Nitro.Kernel

/// Few hashes, some of which differ in their last bits alone, and in their sign.
[<CustomEquality; NoComparison>]
type private Key =
    { Number: int }

    override this.Equals(other: obj) = match other with :? Key as o -> o.Number = this.Number | _ -> false

    override this.GetHashCode() =
        match this.Number % 4 with
        | 0 -> 0
        | 1 -> this.Number % 8
        | 2 -> -(this.Number % 8)
        | _ -> this.Number * 0x3779_77B1

let private key = Gen.choose (0, 60) |> Gen.map (fun n -> { Number = n })
let private put = Gen.map2 (fun key value -> key, ValueSome value) key (Gen.choose (0, 9))
let private change = Gen.oneof [ put; put; Gen.map (fun key -> key, ValueNone) key ]
let private changes = Gen.listOf change

let private make (changes: (Key * int voption) list) =
    let folder (table: Table<Key, int>) (key, value) =
        match value with
        | ValueSome found -> Table.add key found table
        | ValueNone -> Table.remove key table

    List.fold folder Table.empty changes

let private model (changes: (Key * int voption) list) =
    let dictionary = Dictionary<Key, int>()

    for key, value in changes do
        match value with
        | ValueSome found -> dictionary[key] <- found
        | ValueNone -> dictionary.Remove key |> ignore

    dictionary

let private check property = Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest 2_000, property)

[<Fact>]
let ``It holds what a dictionary holds after the same changes`` () =
    check (
        Prop.forAll (Arb.fromGen changes) (fun changes ->
            let table, dictionary = make changes, model changes
            let entries = [ for struct (key, value) in Table.toSeq table -> key.Number, value ]

            Table.count table = dictionary.Count
            && List.sort entries = List.sort [ for pair in dictionary -> pair.Key.Number, pair.Value ]
            && [ 0..60 ]
               |> List.forall (fun n ->
                   match dictionary.TryGetValue { Number = n } with
                   | true, value -> Table.tryFind { Number = n } table = ValueSome value
                   | _ -> not (Table.containsKey { Number = n } table)))
    )

[<Fact>]
let ``Two are equal when they hold the same, and their order is that of the hashes`` () =
    check (
        Prop.forAll (Arb.fromGen (Gen.zip changes changes)) (fun (first, second) ->
            let entries = model second
            let table = make (first @ [ for n in 0..60 -> { Number = n }, ValueNone ] @ second)
            let again = make (List.rev [ for pair in entries -> pair.Key, ValueSome pair.Value ])
            let hashes = [ for struct (key, _) in Table.toSeq table -> key.GetHashCode() ]

            table = again
            && hashes = List.sort hashes
            && (entries.Count = 0
                || (let one = Seq.head entries
                    table <> Table.add one.Key (one.Value + 1) again && table <> Table.remove one.Key again)))
    )

[<Fact>]
let ``Taking away what is not there changes nothing, and a change leaves what was there before`` () =
    let before = make [ for n in 0..40 -> { Number = n }, ValueSome n ]
    Assert.Same(before.Items, (Table.remove { Number = 50 } before).Items)
    let after = before |> Table.remove { Number = 4 } |> Table.add { Number = 8 } 80 |> Table.change { Number = 50 } ((+) 1)
    Assert.Equal(40, Table.count after)
    Assert.Equal(ValueSome 80, Table.tryFind { Number = 8 } after)
    Assert.True((before = make [ for n in 40 .. -1 .. 0 -> { Number = n }, ValueSome n ]))
