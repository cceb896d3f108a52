namespace Nitro.Protocol

open System.Text.Json
open Nitro.Kernel

/// How app data without bytes is written. Go's nil and empty slices differ in JSON, and its objectives differ in which they send.
[<Struct>]
type internal EmptyAppData =
    /// `null`: direct funding, virtual funding and virtual defunding.
    | AsNull
    /// `""`: direct defunding.
    | AsText

/// go-nitro's JSON of states, outcomes and ledger proposals: of peer messages, and wherever else the same shapes are spoken.
/// Readers of outcomes and proposals take the reader of destinations: `Json.destinationLenient` for peers, `Json.destinationStrict` for callers.
module internal StateJson =
    type private DestinationReader = string -> JsonElement -> Read<Destination>

    let private writeAllocation (allocation: Allocation) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.bytes32 "Destination" allocation.Destination
        writer |> JsonWrite.amount "Amount" allocation.Amount
        writer |> JsonWrite.uint8 "AllocationType" allocation.Type
        writer |> JsonWrite.bytesOrNull "Metadata" allocation.Metadata

    let private writeExit (exit: AssetExit) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.address "Asset" exit.Asset

        writer
        |> JsonWrite.nested "AssetMetadata" (fun writer ->
            writer |> JsonWrite.uint8 "AssetType" exit.MetadataType
            writer |> JsonWrite.bytesOrNull "Metadata" exit.Metadata)

        writer |> JsonWrite.list "Allocations" writeAllocation exit.Allocations

    /// An outcome under `key`.
    let writeOutcome (key: string) (outcome: Outcome) (writer: Utf8JsonWriter) = JsonWrite.list key writeExit outcome writer

    /// The fields of a `State` into the object being written.
    let write (emptyAppData: EmptyAppData) (fixedPart: FixedPart) (variable: VariablePart) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.addresses "Participants" fixedPart.Participants
        writer |> JsonWrite.uint64 "ChannelNonce" fixedPart.Nonce
        writer |> JsonWrite.address "AppDefinition" fixedPart.App
        writer |> JsonWrite.uint32 "ChallengeDuration" fixedPart.ChallengeDuration

        match emptyAppData with
        | AsNull -> writer |> JsonWrite.bytesOrNull "AppData" variable.AppData
        | AsText -> writer |> JsonWrite.bytes "AppData" variable.AppData

        writer |> writeOutcome "Outcome" variable.Outcome
        writer |> JsonWrite.uint64 "TurnNum" variable.Turn
        writer |> JsonWrite.boolean "IsFinal" variable.IsFinal

    /// An amount that must be there: to go-nitro none is nil, with which nothing can be computed.
    let private amountRequired key parent : Read<Amount> =
        match Json.amountOption key parent with
        | Ok(ValueSome found) -> Ok found
        | Ok ValueNone -> Error $"{key}: expected an integer from 0 to 2^256 - 1, found nothing"
        | Error text -> Error text

    let private readAllocation (destination: DestinationReader) parent : Read<Allocation> =
        read {
            let! destination = destination "Destination" parent
            let! amount = amountRequired "Amount" parent
            let! kind = Json.uint8 "AllocationType" parent
            let! metadata = Json.bytes "Metadata" parent

            return
                { Destination = destination
                  Amount = amount
                  Type = kind
                  Metadata = metadata }
        }

    let private readAssetMetadata parent : Read<struct (byte * byte[])> =
        read {
            let! kind = Json.uint8 "AssetType" parent
            let! metadata = Json.bytes "Metadata" parent
            return struct (kind, metadata)
        }

    let private readExit destination parent : Read<AssetExit> =
        read {
            let! asset = Json.address "Asset" parent
            let! struct (metadataType, metadata) = Json.nested "AssetMetadata" readAssetMetadata parent
            let! allocations = Json.list "Allocations" (readAllocation destination) parent

            return
                { Asset = asset
                  MetadataType = metadataType
                  Metadata = metadata
                  Allocations = allocations }
        }

    /// The outcome under `key`; empty where there is none.
    let readOutcome (destination: DestinationReader) (key: string) parent : Read<Outcome> =
        Json.list key (readExit destination) parent

    let private writeAdd amount (target: Bytes32) left right leftDeposit (writer: Utf8JsonWriter) =
        writer
        |> JsonWrite.nested "Guarantee" (fun writer ->
            writer |> JsonWrite.amountOption "Amount" amount
            writer |> JsonWrite.bytes32 "Target" target
            writer |> JsonWrite.bytes32 "Left" left
            writer |> JsonWrite.bytes32 "Right" right)

        writer |> JsonWrite.amountOption "LeftDeposit" leftDeposit

    let private writeRemove (target: Bytes32) leftAmount (writer: Utf8JsonWriter) =
        writer |> JsonWrite.bytes32 "Target" target
        writer |> JsonWrite.amountOption "LeftAmount" leftAmount

    /// The fields of a `Proposal` into the object being written: both halves, the unused one of zeros and `null`.
    let writeProposal (ChannelId ledger) (proposal: Proposal) (writer: Utf8JsonWriter) =
        let zero = Bytes32.zero
        writer |> JsonWrite.bytes32 "LedgerID" ledger

        match proposal with
        | Add(guarantee, leftDeposit) ->
            writer
            |> JsonWrite.nested
                "ToAdd"
                (writeAdd (ValueSome guarantee.Amount) guarantee.Target.Value guarantee.Left guarantee.Right (ValueSome leftDeposit))

            writer |> JsonWrite.nested "ToRemove" (writeRemove zero ValueNone)
        | Remove(ChannelId target, leftAmount) ->
            writer |> JsonWrite.nested "ToAdd" (writeAdd ValueNone zero zero zero ValueNone)
            writer |> JsonWrite.nested "ToRemove" (writeRemove target (ValueSome leftAmount))

    /// The guarantee's half of an addition, amounts still optional: only the whole tells whether it is used.
    let private readGuarantee (destination: DestinationReader) parent =
        read {
            let! amount = Json.amountOption "Amount" parent
            let! target = destination "Target" parent
            let! left = destination "Left" parent
            let! right = destination "Right" parent
            return struct (amount, target, left, right)
        }

    /// Nothing where every field is zero or `null`. In Go the amounts are pointers: a 0 that is there makes it an addition.
    let private readAdd destination parent : Read<Proposal voption> =
        read {
            let! struct (amount, target, left, right) = Json.nested "Guarantee" (readGuarantee destination) parent
            let! leftDeposit = Json.amountOption "LeftDeposit" parent
            let destinationsAreZero = target = Bytes32.zero && left = Bytes32.zero && right = Bytes32.zero

            match amount, leftDeposit with
            | ValueNone, ValueNone when destinationsAreZero -> return ValueNone
            | ValueNone, _ -> return! Error "Guarantee.Amount: expected an integer from 0 to 2^256 - 1, found nothing"
            | _, ValueNone -> return! Error "LeftDeposit: expected an integer from 0 to 2^256 - 1, found nothing"
            | ValueSome amount, ValueSome leftDeposit ->
                let guarantee =
                    { Target = ChannelId target
                      Amount = amount
                      Left = left
                      Right = right }

                return ValueSome(Add(guarantee, leftDeposit))
        }

    let private readRemove (destination: DestinationReader) parent : Read<Proposal> =
        read {
            let! target = destination "Target" parent
            let! leftAmount = amountRequired "LeftAmount" parent
            return Remove(ChannelId target, leftAmount)
        }

    /// A `Proposal` from its object: the ledger and the change. An addition counts whatever stands in the other half.
    let readProposal (destination: DestinationReader) parent : Read<struct (ChannelId * Proposal)> =
        read {
            let! ledger = destination "LedgerID" parent
            let! addition = Json.nested "ToAdd" (readAdd destination) parent

            match addition with
            | ValueSome proposal -> return struct (ChannelId ledger, proposal)
            | ValueNone ->
                let! removal = Json.nested "ToRemove" (readRemove destination) parent
                return struct (ChannelId ledger, removal)
        }

    /// A `State` from its object. No rule is applied: see Rules.
    let read (destination: DestinationReader) parent : Read<struct (FixedPart * VariablePart)> =
        read {
            let! participants = Json.addresses "Participants" parent
            let! nonce = Json.uint64 "ChannelNonce" parent
            let! app = Json.address "AppDefinition" parent
            let! challengeDuration = Json.uint32 "ChallengeDuration" parent
            let! appData = Json.bytes "AppData" parent
            let! outcome = readOutcome destination "Outcome" parent
            let! turn = Json.uint64 "TurnNum" parent
            let! isFinal = Json.boolean "IsFinal" parent

            let fixedPart =
                { Participants = participants
                  Nonce = nonce
                  App = app
                  ChallengeDuration = challengeDuration }

            let variable =
                { Outcome = outcome
                  AppData = appData
                  Turn = turn
                  IsFinal = isFinal }

            return struct (fixedPart, variable)
        }
