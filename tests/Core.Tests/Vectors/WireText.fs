namespace Nitro.Core.Tests.Vectors

open System
open System.Text
open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol

/// The small structures of peer messages, written and read with the kernel's JSON helpers alone.
module internal WireText =
    let private utf8 (write: Utf8JsonWriter -> unit) =
        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            write writer
            writer.WriteEndObject())
        |> Encoding.UTF8.GetString

    let memory (json: string) = ReadOnlyMemory(Encoding.UTF8.GetBytes json)

    let voucher (voucher: Voucher) signature =
        utf8 (fun writer ->
            JsonWrite.bytes32 "ChannelId" voucher.Channel.Value writer
            JsonWrite.amount "Amount" voucher.Total writer
            JsonWrite.signature "Signature" signature writer)

    let readVoucher (json: string) : Read<Voucher * Signature voption> =
        Json.decode (memory json) (fun root ->
            read {
                let! channel = Json.destinationLenient "channelid" root
                let! total = Json.amount "AMOUNT" root
                let! signature = Json.signature "Signature" root
                return { Channel = ChannelId channel; Total = total }, signature
            })

    let private guaranteeBody (amount, target, left, right) (writer: Utf8JsonWriter) =
        JsonWrite.amount "Amount" amount writer
        JsonWrite.bytes32 "Target" target writer
        JsonWrite.bytes32 "Left" left writer
        JsonWrite.bytes32 "Right" right writer

    let guarantee parts = utf8 (guaranteeBody parts)

    let add parts leftDeposit =
        utf8 (fun writer ->
            JsonWrite.nested "Guarantee" (guaranteeBody parts) writer
            JsonWrite.amount "LeftDeposit" leftDeposit writer)

    let private balance (destination, amount) (writer: Utf8JsonWriter) =
        JsonWrite.bytes32 "Destination" destination writer
        JsonWrite.amount "Amount" amount writer

    let ledgerOutcome asset leader follower guarantees =
        utf8 (fun writer ->
            JsonWrite.address "AssetAddress" asset writer
            JsonWrite.nested "Leader" (balance leader) writer
            JsonWrite.nested "Follower" (balance follower) writer

            JsonWrite.nested
                "Guarantees"
                (fun writer ->
                    for (_, target, _, _) as parts in guarantees do
                        JsonWrite.nested (string (target: Bytes32)) (guaranteeBody parts) writer)
                writer)

    let private readAllocation element : Read<Allocation> =
        read {
            let! destination = Json.destinationLenient "Destination" element
            let! amount = Json.amount "Amount" element
            let! kind = Json.uint8 "AllocationType" element
            let! metadata = Json.bytes "Metadata" element
            return { Destination = destination; Amount = amount; Type = kind; Metadata = metadata }
        }

    let private readExit element : Read<AssetExit> =
        read {
            let! asset = Json.address "Asset" element
            let! kind = Json.nested "AssetMetadata" (Json.uint8 "AssetType") element
            let! metadata = Json.nested "AssetMetadata" (Json.bytes "Metadata") element
            let! allocations = Json.list "Allocations" readAllocation element
            return { Asset = asset; MetadataType = kind; Metadata = metadata; Allocations = allocations }
        }

    let readOutcome key element : Read<Outcome> = Json.list key readExit element

    let readState element : Read<State> =
        read {
            let! participants = Json.addresses "Participants" element
            let! nonce = Json.uint64 "ChannelNonce" element
            let! app = Json.address "AppDefinition" element
            let! duration = Json.uint32 "ChallengeDuration" element
            let! appData = Json.bytes "AppData" element
            let! outcome = readOutcome "Outcome" element
            let! turn = Json.uint64 "TurnNum" element
            let! isFinal = Json.boolean "IsFinal" element

            return
                { Fixed = { Participants = participants; Nonce = nonce; App = app; ChallengeDuration = duration }
                  Variable = { Outcome = outcome; AppData = appData; Turn = turn; IsFinal = isFinal } }
        }

    let private readSignatures element : Read<(string * Signature) list> =
        let entry (name: string) (value: JsonElement) =
            match Text.signature (string (value.GetString())) with
            | ValueSome(ValueSome signature) -> Ok(name, signature)
            | _ -> Error "expected a signature"

        Json.entries "Sigs" entry element

    let readSignedState element : Read<State * (string * Signature) list> =
        read {
            let! state = Json.nested "State" readState element
            let! signatures = readSignatures element
            return state, signatures
        }

    /// The same document, written again token by token: byte for byte the same if the writer's habits are Go's.
    let rewritten (json: string) =
        match Json.tryParse (memory json) with
        | ValueNone -> "not JSON"
        | ValueSome document ->
            use document = document
            JsonWrite.encode document.RootElement.WriteTo |> Encoding.UTF8.GetString
