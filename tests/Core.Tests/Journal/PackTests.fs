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

/// A piece whose channels come without the hashes of their states.
let private image (things: Restatement list) =
    let write (writer: PackWriter) thing =
        RestatedPack.write writer thing
        if thing.IsChannelRestated then writer.Count 0

    let writer = PackWriter()
    writer.Flag false
    writer.List(write writer, things)
    writer.ToArray()

let private roundTrips (things: Restatement list) =
    let reader = PackReader(ReadOnlyMemory(pack things))
    reader.List(fun () -> RestatedUnpack.read reader) = things && reader.Wrong = ""

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
    Assert.Equal("", reader.Wrong)

/// What bytes give, folded if they give anything; fails where that throws or takes memory out of all proportion.
let private tryImage (bytes: byte[]) =
    let before = GC.GetAllocatedBytesForCurrentThread()

    let refused =
        match StateImage.read (ReadOnlyMemory bytes) with
        | Ok piece ->
            StateImage.assemble 1L 0UL [ piece ] |> ignore
            false
        | Error reason ->
            Assert.NotEqual<string>("", reason)
            true

    let taken = GC.GetAllocatedBytesForCurrentThread() - before
    Assert.True(taken < 4_000_000L + 2_000L * int64 bytes.Length, $"{taken} bytes for {bytes.Length}")
    refused

[<Fact>]
let ``Any bytes give a piece or a reason`` () =
    let dice = Random 1
    let things = RestatedGen.byCase |> List.collect (Gen.sampleWithSize 5 3 >> List.ofArray >> List.map restatement)
    let good = image things
    let telling = [| 0uy; 1uy; 127uy; 128uy; 255uy |]
    let mutable refused = 0

    match StateImage.read (ReadOnlyMemory good) with
    | Ok piece ->
        let first = { NodeState.empty with Position = 1L }
        let folded = things |> List.fold (fun state thing -> RestatedFolds.restate thing state) first
        Assert.True((NodeDraft.finish (StateImage.assemble 1L 0UL [ piece ]) = folded))
    | Error reason -> invalidOp reason

    for i in 1..20_000 do
        let bad = Array.copy good
        bad[0] <- byte (i % 2)
        for _ in 0 .. i % 3 do bad[dice.Next bad.Length] <- if i % 5 = 0 then telling[dice.Next telling.Length] else byte (dice.Next 256)
        let bad = if i % 4 = 0 then Array.truncate (dice.Next bad.Length) bad else bad
        if tryImage bad then refused <- refused + 1

    Assert.InRange(refused, 2_000, 19_000)

[<Fact>]
let ``Counts beyond what is there, and numbers without an end, are refused`` () =
    let huge = [| 0uy; 255uy; 255uy; 255uy; 255uy; 7uy |]
    for bad in [ [||]; [| 2uy |]; huge; Array.append huge (Array.zeroCreate 1_000); Array.append [| 0uy |] (Array.create 1_000_000 255uy) ] do Assert.True(tryImage bad)
    // A list that claims as many as there are bytes, each nearly nothing; and one whose first item is wrong.
    Assert.True(tryImage (Array.concat [ [| 1uy; 192uy; 132uy; 61uy |]; Array.create 1_000_000 13uy ]))
    Assert.True(tryImage (Array.concat [ [| 1uy; 192uy; 132uy; 61uy |]; Array.create 1_000_000 99uy ]))

[<Fact>]
let ``What is wrong stays wrong`` () =
    let reader = PackReader(ReadOnlyMemory [| 9uy; 1uy; 1uy |])
    Assert.Equal(0, reader.Tag 3)
    Assert.Equal(0UL, reader.Number())
    Assert.Empty(reader.List reader.Signature)
    Assert.Equal("9 where less than 3 was due", reader.Wrong)
