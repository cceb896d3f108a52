/// go-nitro's JSON of states, outcomes and proposals: the recorded messages byte for byte, and what its format leaves open.
module Nitro.Core.Tests.Protocol.StateJsonTests

open System
open System.Text
open System.Text.Json
open FsCheck
open FsCheck.FSharp
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Core.Tests.Journal
open Nitro.Core.Tests.Vectors

let private written (write: Utf8JsonWriter -> unit) =
    JsonWrite.encode (fun writer ->
        writer.WriteStartObject()
        write writer
        writer.WriteEndObject())
    |> Encoding.UTF8.GetString

let private decode (json: string) reader = Json.decode (ReadOnlyMemory(Encoding.UTF8.GetBytes json)) reader

let private message index =
    let vector = (VectorFiles.vectors "30-wire-messages")[index]
    let json = string (vector.GetProperty("expected").GetProperty("json"))
    JsonDocument.Parse json

let private listOf (key: string) (parent: JsonElement) =
    match parent.GetProperty key with
    | list when list.ValueKind = JsonValueKind.Array -> list.EnumerateArray() |> List.ofSeq
    | _ -> []

let private checkState (payload: JsonElement) =
    use document = JsonDocument.Parse(payload.GetProperty("PayloadData").GetBytesFromBase64())
    let state = document.RootElement.GetProperty "State"
    let objective = string (payload.GetProperty "ObjectiveId")
    let empty = if objective.StartsWith("DirectDefunding-", StringComparison.Ordinal) then AsText else AsNull

    for destination in [ Json.destinationLenient; Json.destinationStrict ] do
        match StateJson.read destination state with
        | Error text -> Assert.Fail text
        | Ok(struct (fixedPart, variable)) ->
            Assert.EndsWith((FixedPart.channelId fixedPart).ToString(), objective)
            Assert.Equal(state.GetRawText(), written (StateJson.write empty fixedPart variable))

let private checkProposal (proposal: JsonElement) =
    match StateJson.readProposal Json.destinationLenient proposal with
    | Error text -> Assert.Fail text
    | Ok(struct (ledger, change)) -> Assert.Equal(proposal.GetRawText(), written (StateJson.writeProposal ledger change))

[<VectorTheory>]
[<Vectors "30-wire-messages">]
let ``Recorded states and proposals are written as they were read`` (index: int, _id: string) =
    use document = message index

    for payload in listOf "ObjectivePayloads" document.RootElement do
        if string (payload.GetProperty "Type") = "SignedStatePayload" then checkState payload

    for signed in listOf "LedgerProposals" document.RootElement do
        checkProposal (signed.GetProperty "Proposal")

let private always gen property = Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest 300, Prop.forAll (Arb.fromGen gen) property)

[<Fact>]
let ``States are read back`` () =
    always (Gen.zip FactGen.fixedPart FactGen.variable) (fun (fixedPart, variable) ->
        [ AsNull; AsText ]
        |> List.forall (fun empty ->
            decode (written (StateJson.write empty fixedPart variable)) (StateJson.read Json.destinationStrict) = Ok(struct (fixedPart, variable))))

/// A removal of nothing from nowhere looks like every other; an addition always carries its amounts.
[<Fact>]
let ``Proposals are read back`` () =
    always (Gen.zip FactGen.channel FactGen.proposal) (fun (ledger, proposal) ->
        decode (written (StateJson.writeProposal ledger proposal)) (StateJson.readProposal Json.destinationStrict) = Ok(struct (ledger, proposal)))

let private readProposal json = decode json (StateJson.readProposal Json.destinationLenient)

let private readsAs (expected: Proposal) json =
    match readProposal json with
    | Ok(struct (_, proposal)) -> Assert.Equal(expected, proposal)
    | Error text -> Assert.Fail text

let private refused start result =
    match result with
    | Ok found -> Assert.Fail $"read {found}"
    | Error(text: string) -> Assert.StartsWith(start, text)

let private zeroAddition =
    Add(
        { Target = ChannelId Bytes32.zero
          Amount = Amount.zero
          Left = Bytes32.zero
          Right = Bytes32.zero },
        Amount.zero
    )

[<Fact>]
let ``An amount of 0 makes an addition, none at all a removal`` () =
    readsAs zeroAddition """{"ToAdd":{"Guarantee":{"Amount":0},"LeftDeposit":0},"ToRemove":{"LeftAmount":5}}"""
    readsAs (Remove(ChannelId Bytes32.zero, Amount.ofUInt64 5UL)) """{"ToAdd":{"Guarantee":{"Amount":null},"LeftDeposit":null},"ToRemove":{"LeftAmount":5}}"""
    readsAs (Remove(ChannelId(Bytes32.ofUInt64 1UL), Amount.zero)) """{"ToAdd":null,"ToRemove":{"Target":"0x1","LeftAmount":0}}"""

[<Fact>]
let ``Proposals without an amount, or with one below zero, are refused`` () =
    refused "ToAdd.LeftDeposit: " (readProposal """{"ToAdd":{"Guarantee":{"Amount":1}}}""")
    refused "ToAdd.Guarantee.Amount: " (readProposal """{"ToAdd":{"LeftDeposit":1}}""")
    refused "ToAdd.Guarantee.Amount: " (readProposal """{"ToAdd":{"Guarantee":{"Left":"0x01"}}}""")
    refused "ToAdd.Guarantee.Amount: " (readProposal """{"ToAdd":{"Guarantee":{"Amount":-1},"LeftDeposit":0}}""")
    refused "ToRemove.LeftAmount: " (readProposal """{"ToRemove":{"Target":"0x01","LeftAmount":null}}""")
    refused "ToRemove.LeftAmount: " (readProposal """{"ToRemove":{"Target":"0x01","LeftAmount":-1}}""")
    refused "ToRemove.LeftAmount: " (readProposal "{}")

[<Fact>]
let ``Outcomes need their amounts; destinations are read as the caller says`` () =
    let outcome destination amount = $"""{{"O":[{{"Allocations":[{{"Destination":"{destination}","Amount":{amount}}}]}}]}}"""
    let lenient json = decode json (StateJson.readOutcome Json.destinationLenient "O")
    let strict json = decode json (StateJson.readOutcome Json.destinationStrict "O")
    refused "O[0].Allocations[0].Amount: " (lenient (outcome "0x01" "null"))
    refused "O[0].Allocations[0].Amount: " (lenient (outcome "0x01" "-1"))
    refused "O[0].Allocations[0].Amount: " (lenient (outcome "0x01" "\"1\""))
    refused "O[0].Allocations[0].Destination: " (strict (outcome "0x01" "1"))

    let one: Allocation =
        { Destination = Bytes32.ofUInt64 1UL
          Amount = Amount.one
          Type = 0uy
          Metadata = [||] }

    match lenient (outcome "0x01" "1") with
    | Ok [ exit ] -> Assert.Equal<Allocation list>([ one ], exit.Allocations)
    | other -> Assert.Fail $"read {other}"
