/// The journal's records: what is written is read back, what was once written is read for ever, and damage is named.
module Nitro.Core.Tests.Journal.LogTests

open System
open System.Collections.Generic
open System.IO
open System.Reflection
open System.Text
open System.Text.Json
open FSharp.Reflection
open FsCheck
open FsCheck.FSharp
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire
open Nitro.Core.Tests.Vectors

let private goldenFile = Path.Combine(VectorFiles.root |> Option.defaultValue ".", "tests", "Core.Tests", "golden", "facts.v1.jsonl")

let private goldenRecords () =
    File.ReadAllLines goldenFile
    |> Array.map (fun line ->
        use document = JsonDocument.Parse line
        let root = document.RootElement
        let body = Encoding.UTF8.GetBytes(root.GetProperty("body").GetRawText())
        struct (string (root.GetProperty "name"), root.GetProperty("version").GetInt32(), body))

let private roundTrips (fact: Fact) =
    let struct (name, version, body) = LogV1.encode fact
    LogV1.decode name version (ReadOnlyMemory body) = Ok fact

[<Fact>]
let ``Every generated fact of every case is read back`` () =
    for case in FactGen.byCase @ RestatedGen.byCase do
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest 200, Prop.forAll (Arb.fromGen case) roundTrips)

[<Fact>]
let ``Golden records stand for the same facts in every run`` () =
    let records = goldenRecords ()
    Assert.Equal(GoldenFacts.version1.Length, records.Length)

    for struct (name, version, body), fact in Seq.zip records GoldenFacts.version1 do
        Assert.Equal(Ok fact, LogV1.decode name version (ReadOnlyMemory body))
        let struct (writtenName, writtenVersion, written) = LogV1.encode fact
        Assert.Equal((name, version, Encoding.UTF8.GetString body), (writtenName, writtenVersion, Encoding.UTF8.GetString written))

[<Fact>]
let ``Text that is not Unicode is stored with replacement characters`` () =
    let objective = { Kind = DirectFunding; Channel = ChannelId Bytes32.zero }
    let struct (name, version, body) = LogV1.encode (OpeningUndone(objective, "a\uD800b"))
    Assert.Equal(Ok(OpeningUndone(objective, "a\uFFFDb")), LogV1.decode name version (ReadOnlyMemory body))

let private anyVisibility = BindingFlags.Public ||| BindingFlags.NonPublic

let private isOurUnion (subject: Type) =
    (string subject.Namespace).StartsWith "Nitro." && FSharpType.IsUnion(subject, anyVisibility)

/// The unions that a type is made of, itself included, looked at through records, lists and options.
let private unionsIn (root: Type) =
    let seen = HashSet<Type>()

    let rec walk (subject: Type) =
        if seen.Add subject then
            for argument in subject.GetGenericArguments() do
                walk argument

            if isOurUnion subject then
                for case in FSharpType.GetUnionCases(subject, anyVisibility) do
                    for field in case.GetFields() do
                        walk field.PropertyType
            elif FSharpType.IsRecord(subject, anyVisibility) then
                for field in FSharpType.GetRecordFields(subject, anyVisibility) do
                    walk field.PropertyType

    walk root
    seen |> Seq.filter isOurUnion |> List.ofSeq

/// `Type.Case` of every union value inside a value.
let rec private casesIn (value: obj | null) : string list =
    match value with
    | null -> []
    | value ->
        let subject = value.GetType()

        if FSharpType.IsUnion(subject, anyVisibility) then
            let case, fields = FSharpValue.GetUnionFields(value, subject, anyVisibility)
            let own = if isOurUnion subject then [ $"{case.DeclaringType.Name}.{case.Name}" ] else []
            own @ (fields |> List.ofArray |> List.collect casesIn)
        elif FSharpType.IsRecord(subject, anyVisibility) then
            FSharpValue.GetRecordFields(value, anyVisibility) |> List.ofArray |> List.collect casesIn
        else
            []

[<Fact>]
let ``Every case of every union in a fact has a golden record`` () =
    let all =
        unionsIn typeof<Fact>
        |> List.collect (fun union -> FSharpType.GetUnionCases(union, anyVisibility) |> List.ofArray)
        |> List.map (fun case -> $"{case.DeclaringType.Name}.{case.Name}")

    let golden = GoldenFacts.version1 |> List.collect (fun fact -> casesIn (box fact)) |> Set.ofList
    Assert.Contains("Fact.VoucherIssued", all)
    Assert.Contains("Telling.AgreementOf", all)
    Assert.Empty(all |> List.filter (fun case -> not (golden.Contains case)))

[<Fact>]
let ``A record's name is its case's`` () =
    for fact in GoldenFacts.version1 do
        // What an opening restates goes by its own name.
        let value, union =
            match fact with
            | Restated thing -> box thing, typeof<Restatement>
            | other -> box other, typeof<Fact>

        let case, _ = FSharpValue.GetUnionFields(value, union, anyVisibility)
        let struct (name, version, _) = LogV1.encode fact
        Assert.Equal((case.Name, 1), (name, version))

let private decodeText name version (body: string) = LogV1.decode name version (ReadOnlyMemory(Encoding.UTF8.GetBytes body))

let private errorOf result =
    match result with
    | Ok(fact: Fact) -> failwith $"read {fact}"
    | Error(text: string) -> text

[<Fact>]
let ``Unknown names and versions are called so`` () =
    let unknownName = errorOf (decodeText "VoucherLost" 1 "{}")
    Assert.Contains("VoucherLost", unknownName)
    Assert.Contains("newer program", unknownName)
    let unknownVersion = errorOf (decodeText "Woken" 2 """{"kind":"retelling"}""")
    Assert.Contains("Woken 2", unknownVersion)
    Assert.Contains("version 1", unknownVersion)
    Assert.Contains("Woken 0", errorOf (decodeText "Woken" 0 "{}"))

[<Fact>]
let ``An error names the fact and the field`` () =
    let channel = Bytes32.zero.ToString()
    let signature = "0x" + String('0', 130)

    let cases =
        [ "VoucherIssued", "", "VoucherIssued 1: not a JSON text"
          "VoucherIssued", "[]", "VoucherIssued 1: expected an object"
          "VoucherIssued", "{}", "VoucherIssued 1: channel: "
          "VoucherIssued", $"""{{"channel":"{channel}","total":7,"signature":"{signature}"}}""", "VoucherIssued 1: total: "
          "VoucherIssued", $"""{{"channel":"{channel}","total":"-7","signature":"{signature}"}}""", "VoucherIssued 1: total: "
          "VoucherIssued", $"""{{"channel":"{channel}","total":"7","signature":"0x00"}}""", "VoucherIssued 1: signature: "
          "VoucherIssued", $"""{{"Channel":"{channel}","total":"7","signature":"{signature}"}}""", "VoucherIssued 1: channel: "
          "IntentRecorded", """{"kind":"dance"}""", "IntentRecorded 1: kind: "
          "IntentFinished", """{"effect":1.5,"finish":"kept"}""", "IntentFinished 1: effect: "
          "ObjectiveOpened", """{"goal":{"kind":"directFund"},"origin":"own","deadline":null}""", "ObjectiveOpened 1: goal.channel: "
          "StateSeen",
          $"""{{"channel":"{channel}","turn":0,"isFinal":false,"appData":"0x","outcome":[{{"asset":"0x"}}]}}""",
          "StateSeen 1: outcome[0].asset: " ]

    for name, body, start in cases do
        Assert.StartsWith(start, errorOf (decodeText name 1 body))

let private termsBody (change: Terms -> Terms) =
    let terms = FactGen.terms |> Gen.sample 1 |> Array.head
    let struct (_, _, body) = LogV1.encode (ChannelAdded(change terms))
    Encoding.UTF8.GetString body

[<Fact>]
let ``Terms with another channel's id are refused`` () =
    let body = termsBody (fun terms -> { terms with Id = ChannelId Bytes32.zero })
    Assert.StartsWith("ChannelAdded 1: id: ", errorOf (decodeText "ChannelAdded" 1 body))

[<Fact>]
let ``Terms that nobody else has part in are refused`` () =
    let outside = termsBody (fun terms -> { terms with MyIndex = terms.Parties.Length })
    Assert.StartsWith("ChannelAdded 1: myIndex: ", errorOf (decodeText "ChannelAdded" 1 outside))

    let alone (terms: Terms) =
        let fixedPart = { terms.Fixed with Participants = [ terms.Me ] }
        { terms with Fixed = fixedPart; Id = FixedPart.channelId fixedPart; MyIndex = 0 }

    Assert.StartsWith("ChannelAdded 1: fixed.participants: ", errorOf (decodeText "ChannelAdded" 1 (termsBody alone)))

[<Literal>]
let private Inputs = 20_000

let private intruders =
    [| "null"; "-1"; "1e999"; "\"\""; "\"0x\""; "[]"; "{}"; "\\ud800"; "\""; "\\"; "\u0000"; "99999999999999999999"; "true"; "é" |]

/// Bytes flipped, cut out, doubled, or replaced by what JSON readers stumble over.
let private mutated (random: Random) (body: byte[]) : byte[] =
    let at = random.Next(body.Length + 1)
    let upTo = min body.Length (at + random.Next 12)
    let before, after = body[.. at - 1], body[upTo..]

    match random.Next 4 with
    | 0 when at < body.Length ->
        let copy = Array.copy body
        copy[at] <- byte (random.Next 256)
        copy
    | 1 -> before
    | 2 -> Array.concat [ before; body[at .. upTo - 1]; body[at .. upTo - 1]; after ]
    | _ -> Array.concat [ before; Encoding.UTF8.GetBytes intruders[random.Next intruders.Length]; after ]

/// An answer always, and what is accepted is a fact like any other.
let private survives name (body: byte[]) =
    match LogV1.decode name 1 (ReadOnlyMemory body) with
    | Ok fact -> Assert.True(roundTrips fact)
    | Error text -> Assert.StartsWith(name + " 1: ", text)

[<Fact>]
let ``Hostile bytes give an error that names the fact, never an exception`` () =
    let random = Random 7
    let records = goldenRecords ()

    for _ in 1..Inputs do
        let struct (name, _, body) = records[random.Next records.Length]

        match random.Next 4 with
        | 0 ->
            let noise = Array.zeroCreate<byte> (random.Next 200)
            random.NextBytes noise
            survives name noise
        | 1 ->
            // A body of another fact.
            let struct (_, _, other) = records[random.Next records.Length]
            survives name other
        | _ -> Seq.init (1 + random.Next 3) ignore |> Seq.fold (fun bytes _ -> mutated random bytes) body |> survives name

    survives "Woken" (Encoding.UTF8.GetBytes(String.replicate 100_000 "["))
    survives "Woken" (Encoding.UTF8.GetBytes("""{"kind":""" + String.replicate 5_000 """{"a":""" + "1"))
