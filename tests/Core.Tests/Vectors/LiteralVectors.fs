/// Files 00 and 14: literals of go-nitro's own tests, and what text is accepted.
module Nitro.Core.Tests.Vectors.LiteralVectors

open System
open System.Text.Json
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Core.Tests.Vectors.Sample

let private guaranteeParts element =
    amount "amount" element, bytes32 "target" element, bytes32 "left" element, bytes32 "right" element

let private balance element = bytes32 "destination" element, amount "amount" element

let private signedState (input: JsonElement) (value: string) =
    let signatures =
        (get "sigs" input).EnumerateObject()
        |> Seq.map (fun entry -> entry.Name, toSignature entry.Value)
        |> List.ofSeq

    Assert.Equal(Ok(state "state" input, signatures), Json.decode (WireText.memory value) WireText.readSignedState)
    Assert.Equal(value, WireText.rewritten value)

    // Whoever signed is the participant under whose index the signature stands.
    let state = state "state" input

    for name, signature in signatures do
        Assert.Equal(ValueSome state.Fixed.Participants[int name], recover (Digest.personal (hashOf state)) signature)

/// A literal without structured input: it must survive being read and written.
let private document (value: string) =
    Assert.Equal(value, WireText.rewritten value)
    let json = WireText.memory value

    let payload (element: JsonElement) =
        read {
            let! data = Json.bytes "PayloadData" element
            return data
        }

    match Json.decode json (Json.list "ObjectivePayloads" payload) with
    | Ok payloads ->
        for data in payloads do
            Assert.True(Json.decode (ReadOnlyMemory data) WireText.readSignedState |> Result.isOk)
    | Error text -> Assert.Fail text

    let payment element =
        read {
            let! amount = Json.amountOption "Amount" element
            return amount.IsSome
        }

    match Json.decode json (Json.list "Payments" payment) with
    | Ok amounts -> Assert.DoesNotContain(false, amounts)
    | Error text -> Assert.Fail text

/// Two literals show how go-nitro's own store keeps its channels. This node keeps facts instead, so there is nothing to compare.
let private isStoreFormat index =
    let vector = (VectorFiles.vectors "00-go-test-literals").[index]
    (text "description" vector).Contains("stored", StringComparison.Ordinal)

[<VectorTheory; Vectors "00-go-test-literals">]
let ``Vector 00: literals of go-nitro's tests`` (index: int) (_id: string) =
    let input = input "00-go-test-literals" index
    let value = text "value" (expected "00-go-test-literals" index)

    if has "fixedPart" input then Assert.Equal(value, string (FixedPart.channelId (toFixed (get "fixedPart" input))))
    elif has "privateKey" input then Assert.Equal(value, string (signState (bytes "privateKey" input) (state "state" input)))
    elif has "sigs" input then signedState input value
    elif has "state" input then Assert.Equal(value, string (hashOf (state "state" input)))
    elif has "outcome" input then Assert.Equal(value, hex (Outcome.encode (outcome "outcome" input)))
    elif has "leftDeposit" input then
        Assert.Equal(value, WireText.add (guaranteeParts (get "guarantee" input)) (amount "leftDeposit" input))
    elif has "guarantee" input then Assert.Equal(value, WireText.guarantee (guaranteeParts (get "guarantee" input)))
    elif has "ledgerOutcome" input then
        let ledger = get "ledgerOutcome" input

        Assert.Equal(
            value,
            WireText.ledgerOutcome
                (address "asset" ledger)
                (balance (get "leader" ledger))
                (balance (get "follower" ledger))
                (list "guarantees" guaranteeParts ledger)
        )
    elif has "channelId" input then
        let voucher = { Channel = channel "channelId" input; Total = amount "amount" input }
        let signature = toSignature (get "signature" input)
        Assert.Equal(value, WireText.voucher voucher (ValueSome signature))
        Assert.Equal(Ok(voucher, ValueSome signature), WireText.readVoucher value)
    elif has "address" input then Assert.Equal(value, string (Destination.ofAddress (address "address" input)))
    elif not (isStoreFormat index) then document value

/// Reads `{"value":<text>}`, with the text as it stands.
let private readValue (text: string) (reader: string -> JsonElement -> Read<'T>) =
    Json.decode (WireText.memory ("{\"value\":" + text + "}")) (reader "value")

/// What a reader gives, as the vectors write it: refused, or accepted with a value, or accepted with none.
let private answer (show: 'T -> string) (result: Read<'T voption>) =
    match result with
    | Ok(ValueSome found) -> Some(Some(show found))
    | Ok ValueNone -> Some None
    | Error _ -> None

[<VectorTheory; Vectors "14-text-parsing">]
let ``Vector 14: which text is accepted and what it means`` (index: int) (_id: string) =
    let input = input "14-text-parsing" index
    let expected = expected "14-text-parsing" index
    let given = text "text" input

    let wanted =
        if not (flag "accepted" expected) then None
        else
            match (get "value" expected).ValueKind with
            | JsonValueKind.Null -> Some None
            // Stricter than go-nitro: amounts below zero are refused.
            | _ when (digits "value" expected).StartsWith '-' -> None
            | _ -> Some(Some(digits "value" expected))

    let found =
        match text "type" input with
        | "destination" -> Some(Some(string (Text.destinationLenient given)))
        | "address" -> Text.address given |> ValueOption.map (fun found -> Some(string found)) |> ValueOption.toOption
        | "bigint" -> readValue given Json.amountOption |> answer string
        | "signature" -> readValue given Json.signature |> answer string
        | "hexbig" -> readValue given Json.hexAmount |> Result.map ValueSome |> answer string
        | other -> failwith $"a new type of text: {other}"

    Assert.Equal(wanted, found)
