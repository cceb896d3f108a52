/// What a snapshot holds is read as it was written, and other bytes are refused.
module Nitro.Core.Tests.Journal.PackTests

open System
open FsCheck
open FsCheck.FSharp
open Xunit
open Nitro.Kernel
open Nitro.Node
open Nitro.Wire
open Nitro.Engine

let private restatement (fact: Fact) =
    match fact with
    | Restated thing -> thing
    | other -> invalidOp $"{other}"

let private pack (things: Restatement list) =
    let writer = PackWriter()
    writer.List(RestatedPack.write writer, things)
    writer.ToArray()

let private roundTrips (things: Restatement list) =
    let reader = PackReader(ReadOnlyMemory(pack things))
    reader.List(fun () -> RestatedUnpack.read reader) = things && reader.IsAtEnd

[<Fact>]
let ``Every generated restatement of every case is read back, alone and among others`` () =
    let check gen = Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest 200, Prop.forAll (Arb.fromGen gen) roundTrips)
    for case in RestatedGen.byCase do check (Gen.map (fun fact -> [ restatement fact ]) case)
    check (Gen.listOf (Gen.oneof RestatedGen.byCase |> Gen.map restatement))

[<Fact>]
let ``Numbers of any size are read back`` () =
    let writer = PackWriter()
    let numbers = [ 0UL; 1UL; 127UL; 128UL; UInt64.MaxValue ]
    let signed = [ 0L; 1L; -1L; 63L; -64L; 64L; Int64.MaxValue; Int64.MinValue ]
    for number in numbers do writer.Number number
    for number in signed do writer.Signed number
    let reader = PackReader(ReadOnlyMemory(writer.ToArray()))
    Assert.Equal<uint64 list>(numbers, [ for _ in numbers -> reader.Number() ])
    Assert.Equal<int64 list>(signed, [ for _ in signed -> reader.Signed() ])

[<Fact>]
let ``Any bytes give a piece or a reason`` () =
    let dice = Random 1
    let things = RestatedGen.byCase |> List.collect (Gen.sampleWithSize 5 3 >> List.ofArray >> List.map restatement)
    let good = Array.append [| 0uy |] (pack things)
    let mutable refused = 0

    match StateImage.read (ReadOnlyMemory good) with
    | Ok(Facts read) -> Assert.True((read = things))
    | Ok(Folded _)
    | Error _ -> invalidOp "it is not read"

    for i in 1..3_000 do
        let bad = Array.copy good
        for _ in 0 .. i % 3 do bad[dice.Next bad.Length] <- byte (dice.Next 256)
        let bad = if i % 4 = 0 then Array.truncate (dice.Next bad.Length) bad else bad

        match StateImage.read (ReadOnlyMemory bad) with
        | Ok _ -> ()
        | Error reason ->
            Assert.NotEqual<string>("", reason)
            refused <- refused + 1

    Assert.True(refused > 1_000, $"{refused} refused")
