namespace Nitro.Wire

open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Goals, and the terms of the channels they are about, in the journal.
module internal GoalV1 =
    let private writeLedgers channel left right (writer: Utf8JsonWriter) =
        writer |> FieldsV1.writeChannel "channel" channel
        writer |> FieldsV1.writeChannelOption "left" left
        writer |> FieldsV1.writeChannelOption "right" right

    let write (goal: Goal) (writer: Utf8JsonWriter) =
        match goal with
        | DirectFund channel ->
            writer |> JsonWrite.string "kind" "directFund"
            writer |> FieldsV1.writeChannel "channel" channel
        | DirectDefund ledger ->
            writer |> JsonWrite.string "kind" "directDefund"
            writer |> FieldsV1.writeChannel "channel" ledger
        | VirtualFund(channel, left, right) ->
            writer |> JsonWrite.string "kind" "virtualFund"
            writer |> writeLedgers channel left right
        | VirtualDefund(channel, left, right) ->
            writer |> JsonWrite.string "kind" "virtualDefund"
            writer |> writeLedgers channel left right

    let private readLedgers make parent : Read<Goal> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! left = FieldsV1.channelOption "left" parent
            let! right = FieldsV1.channelOption "right" parent
            return make (channel, left, right)
        }

    let private goalKind (word: string) : (JsonElement -> Read<Goal>) voption =
        match word with
        | "directFund" -> ValueSome(FieldsV1.channel "channel" >> Result.map DirectFund)
        | "directDefund" -> ValueSome(FieldsV1.channel "channel" >> Result.map DirectDefund)
        | "virtualFund" -> ValueSome(readLedgers VirtualFund)
        | "virtualDefund" -> ValueSome(readLedgers VirtualDefund)
        | _ -> ValueNone

    let read parent : Read<Goal> =
        FieldsV1.oneOf "directFund, directDefund, virtualFund, virtualDefund" goalKind "kind" parent
        |> Result.bind (fun reader -> reader parent)

    /// `"own"`, or the peer's address.
    let writeOrigin key (origin: Origin) (writer: Utf8JsonWriter) =
        match origin with
        | OwnRequest -> writer |> JsonWrite.string key "own"
        | Peer address -> writer |> JsonWrite.address key address

    let readOrigin key parent : Read<Origin> =
        let ofText text = if text = "own" then ValueSome OwnRequest else Text.address text |> ValueOption.map Peer
        FieldsV1.oneOf "own, an address" ofText key parent

    let writeEnding (ending: Ending) (writer: Utf8JsonWriter) =
        match ending with
        | Completed -> writer |> JsonWrite.string "ending" "completed"
        | Rejected reason ->
            writer |> JsonWrite.string "ending" "rejected"
            writer |> JsonWrite.string "reason" reason

    let private endingKind (word: string) : (JsonElement -> Read<Ending>) voption =
        match word with
        | "completed" -> ValueSome(fun _ -> Ok Completed)
        | "rejected" -> ValueSome(FieldsV1.string "reason" >> Result.map Rejected)
        | _ -> ValueNone

    let readEnding parent : Read<Ending> =
        FieldsV1.oneOf "completed, rejected" endingKind "ending" parent |> Result.bind (fun reader -> reader parent)

/// A channel's terms in the journal, whole.
module internal TermsV1 =
    let private dialectText dialect =
        match dialect with
        | Nitro -> "nitro"
        | GoNitro -> "goNitro"

    let private tryDialect (word: string) =
        match word with
        | "nitro" -> ValueSome Nitro
        | "goNitro" -> ValueSome GoNitro
        | _ -> ValueNone

    let write (terms: Terms) (writer: Utf8JsonWriter) =
        writer |> FieldsV1.writeChannel "id" terms.Id
        writer |> JsonWrite.nested "fixed" (StatesV1.writeFixed terms.Fixed)
        writer |> JsonWrite.nested "opening" (StatesV1.writeLedger terms.Opening)
        writer |> FieldsV1.writeIndex "myIndex" terms.MyIndex
        writer |> JsonWrite.boolean "isLedger" terms.IsLedger
        writer |> JsonWrite.string "dialect" (dialectText terms.Dialect)

    /// What everything that is computed from terms takes for granted.
    let private sound (terms: Terms) : Read<Terms> =
        let parties = terms.Parties

        if FixedPart.channelId terms.Fixed <> terms.Id then Error "id: expected the hash of the fixed part"
        elif terms.MyIndex >= parties.Length then Error "myIndex: expected a participant's place"
        elif terms.Others.IsEmpty then Error "fixed.participants: expected somebody besides ourselves"
        else Ok terms

    let read parent : Read<Terms> =
        read {
            let! id = FieldsV1.channel "id" parent
            let! fixedPart = FieldsV1.nested "fixed" StatesV1.readFixed parent
            let! opening = FieldsV1.nested "opening" StatesV1.readLedger parent
            let! myIndex = FieldsV1.index "myIndex" parent
            let! isLedger = FieldsV1.boolean "isLedger" parent
            let! dialect = FieldsV1.oneOf "nitro, goNitro" tryDialect "dialect" parent

            return!
                sound
                    { Id = id
                      Fixed = fixedPart
                      Opening = opening
                      MyIndex = myIndex
                      IsLedger = isLedger
                      Dialect = dialect }
        }
