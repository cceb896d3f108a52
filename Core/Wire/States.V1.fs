namespace Nitro.Wire

open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol

/// States, ledger outcomes and proposals in the journal. Not the JSON of messages (see StateJson): that follows go-nitro, this follows nobody.
module internal StatesV1 =
    let private writeAllocation (allocation: Allocation) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.bytes32 "destination" allocation.Destination
        writer |> FieldsV1.writeAmount "amount" allocation.Amount
        writer |> JsonWrite.uint8 "type" allocation.Type
        writer |> FieldsV1.writeBytes "metadata" allocation.Metadata

    let private readAllocation parent : Read<Allocation> =
        read {
            let! destination = FieldsV1.bytes32 "destination" parent
            let! amount = FieldsV1.amount "amount" parent
            let! kind = FieldsV1.uint8 "type" parent
            let! metadata = FieldsV1.bytes "metadata" parent

            return
                { Destination = destination
                  Amount = amount
                  Type = kind
                  Metadata = metadata }
        }

    let private writeExit (exit: AssetExit) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.address "asset" exit.Asset
        writer |> JsonWrite.uint8 "metadataType" exit.MetadataType
        writer |> FieldsV1.writeBytes "metadata" exit.Metadata
        writer |> JsonWrite.list "allocations" writeAllocation exit.Allocations

    let private readExit parent : Read<AssetExit> =
        read {
            let! asset = FieldsV1.address "asset" parent
            let! metadataType = FieldsV1.uint8 "metadataType" parent
            let! metadata = FieldsV1.bytes "metadata" parent
            let! allocations = FieldsV1.list "allocations" readAllocation parent

            return
                { Asset = asset
                  MetadataType = metadataType
                  Metadata = metadata
                  Allocations = allocations }
        }

    let writeVariable (variable: VariablePart) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.uint64 "turn" variable.Turn
        writer |> JsonWrite.boolean "isFinal" variable.IsFinal
        writer |> FieldsV1.writeBytes "appData" variable.AppData
        writer |> JsonWrite.list "outcome" writeExit variable.Outcome

    let readVariable parent : Read<VariablePart> =
        read {
            let! turn = FieldsV1.uint64 "turn" parent
            let! isFinal = FieldsV1.boolean "isFinal" parent
            let! appData = FieldsV1.bytes "appData" parent
            let! outcome = FieldsV1.list "outcome" readExit parent

            return
                { Outcome = outcome
                  AppData = appData
                  Turn = turn
                  IsFinal = isFinal }
        }

    let writeFixed (part: FixedPart) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.addresses "participants" part.Participants
        writer |> JsonWrite.uint64 "nonce" part.Nonce
        writer |> JsonWrite.address "app" part.App
        writer |> JsonWrite.uint32 "challengeDuration" part.ChallengeDuration

    let readFixed parent : Read<FixedPart> =
        read {
            let! participants = FieldsV1.addresses "participants" parent
            let! nonce = FieldsV1.uint64 "nonce" parent
            let! app = FieldsV1.address "app" parent
            let! challengeDuration = FieldsV1.uint32 "challengeDuration" parent

            return
                { Participants = participants
                  Nonce = nonce
                  App = app
                  ChallengeDuration = challengeDuration }
        }

    let writeGuarantee (guarantee: Guarantee) (writer: Utf8JsonWriter) =
        writer |> FieldsV1.writeChannel "target" guarantee.Target
        writer |> FieldsV1.writeAmount "amount" guarantee.Amount
        writer |> JsonWrite.bytes32 "left" guarantee.Left
        writer |> JsonWrite.bytes32 "right" guarantee.Right

    let readGuarantee parent : Read<Guarantee> =
        read {
            let! target = FieldsV1.channel "target" parent
            let! amount = FieldsV1.amount "amount" parent
            let! left = FieldsV1.bytes32 "left" parent
            let! right = FieldsV1.bytes32 "right" parent

            return
                { Target = target
                  Amount = amount
                  Left = left
                  Right = right }
        }

    /// Guarantees stand in the order of their targets.
    let writeLedger (outcome: LedgerOutcome) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.address "asset" outcome.Asset
        writer |> JsonWrite.bytes32 "leader" outcome.Leader
        writer |> FieldsV1.writeAmount "leaderBalance" outcome.LeaderBalance
        writer |> JsonWrite.bytes32 "follower" outcome.Follower
        writer |> FieldsV1.writeAmount "followerBalance" outcome.FollowerBalance
        writer |> JsonWrite.list "guarantees" writeGuarantee outcome.Guarantees.Values

    let readLedger parent : Read<LedgerOutcome> =
        read {
            let! asset = FieldsV1.address "asset" parent
            let! leader = FieldsV1.bytes32 "leader" parent
            let! leaderBalance = FieldsV1.amount "leaderBalance" parent
            let! follower = FieldsV1.bytes32 "follower" parent
            let! followerBalance = FieldsV1.amount "followerBalance" parent
            let! guarantees = FieldsV1.list "guarantees" readGuarantee parent
            let byTarget = guarantees |> List.map (fun guarantee -> guarantee.Target, guarantee) |> Map.ofList

            if byTarget.Count <> guarantees.Length then
                return! Error "guarantees: expected each target once"
            else
                return
                    { Asset = asset
                      Leader = leader
                      LeaderBalance = leaderBalance
                      Follower = follower
                      FollowerBalance = followerBalance
                      Guarantees = byTarget }
        }

    let writeProposal (proposal: Proposal) (writer: Utf8JsonWriter) =
        match proposal with
        | Add(guarantee, leftDeposit) ->
            writer |> JsonWrite.string "kind" "add"
            writer |> writeGuarantee guarantee
            writer |> FieldsV1.writeAmount "leftDeposit" leftDeposit
        | Remove(target, leftAmount) ->
            writer |> JsonWrite.string "kind" "remove"
            writer |> FieldsV1.writeChannel "target" target
            writer |> FieldsV1.writeAmount "leftAmount" leftAmount

    let private readAdd parent : Read<Proposal> =
        read {
            let! guarantee = readGuarantee parent
            let! leftDeposit = FieldsV1.amount "leftDeposit" parent
            return Add(guarantee, leftDeposit)
        }

    let private readRemove parent : Read<Proposal> =
        read {
            let! target = FieldsV1.channel "target" parent
            let! leftAmount = FieldsV1.amount "leftAmount" parent
            return Remove(target, leftAmount)
        }

    let private proposalKind (word: string) : (JsonElement -> Read<Proposal>) voption =
        match word with
        | "add" -> ValueSome readAdd
        | "remove" -> ValueSome readRemove
        | _ -> ValueNone

    let readProposal parent : Read<Proposal> =
        FieldsV1.oneOf "add, remove" proposalKind "kind" parent |> Result.bind (fun reader -> reader parent)
