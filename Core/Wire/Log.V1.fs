namespace Nitro.Wire

open System
open System.Text.Json
open Nitro.Kernel
open Nitro.Node

/// The journal's records: each fact has one wire name, a version and a JSON body. What was once written is read for ever:
/// a changed shape gets a new version, and the old one keeps its reader.
module internal LogV1 =
    [<Literal>]
    let Version = 1

    let private nameOf (fact: Fact) =
        match fact with
        | RequestBound _ -> "RequestBound"
        | PaymentReserved _ -> "PaymentReserved"
        | PaymentRefused _ -> "PaymentRefused"
        | ObjectiveOpened _ -> "ObjectiveOpened"
        | GoalApproved _ -> "GoalApproved"
        | OpeningUndone _ -> "OpeningUndone"
        | PeerGaveUp _ -> "PeerGaveUp"
        | ObjectiveEnded _ -> "ObjectiveEnded"
        | ChannelAdded _ -> "ChannelAdded"
        | StateSeen _ -> "StateSeen"
        | StateSigned _ -> "StateSigned"
        | ProposalWanted _ -> "ProposalWanted"
        | ProposalUnwanted _ -> "ProposalUnwanted"
        | ProposalQueued _ -> "ProposalQueued"
        | ProposalSigned _ -> "ProposalSigned"
        | ProposalDropped _ -> "ProposalDropped"
        | ProposalReceived _ -> "ProposalReceived"
        | ProposalAgreed _ -> "ProposalAgreed"
        | HoldingsObserved _ -> "HoldingsObserved"
        | PayoutObserved _ -> "PayoutObserved"
        | HoldingsDoubted _ -> "HoldingsDoubted"
        | VoucherIssued _ -> "VoucherIssued"
        | VoucherReceived _ -> "VoucherReceived"
        | IntentRecorded _ -> "IntentRecorded"
        | IntentFinished _ -> "IntentFinished"
        | Woken _ -> "Woken"
        | JournalRestored -> "JournalRestored"
        | ChannelConfirmed _ -> "ChannelConfirmed"
        | ChannelDoubted _ -> "ChannelDoubted"
        | LedgerAdopted _ -> "LedgerAdopted"
        | EpochOpened _ -> "EpochOpened"
        | Restated thing -> RestatedV1.nameOf thing

    /// Wire name, version and body.
    let encode (fact: Fact) : struct (string * int * byte[]) =
        let body =
            JsonWrite.encode (fun writer ->
                writer.WriteStartObject()
                FactsV1.write fact writer
                writer.WriteEndObject())

        struct (nameOf fact, Version, body)

    let private tryReader (name: string) : (JsonElement -> Read<Fact>) voption =
        match name with
        | "RequestBound" -> ValueSome FactsV1.requestBound
        | "PaymentReserved" -> ValueSome FactsV1.paymentReserved
        | "PaymentRefused" -> ValueSome FactsV1.paymentRefused
        | "ObjectiveOpened" -> ValueSome FactsV1.objectiveOpened
        | "GoalApproved" -> ValueSome FactsV1.goalApproved
        | "OpeningUndone" -> ValueSome FactsV1.openingUndone
        | "PeerGaveUp" -> ValueSome FactsV1.peerGaveUp
        | "ObjectiveEnded" -> ValueSome FactsV1.objectiveEnded
        | "ChannelAdded" -> ValueSome FactsV1.channelAdded
        | "StateSeen" -> ValueSome FactsV1.stateSeen
        | "StateSigned" -> ValueSome FactsV1.stateSigned
        | "ProposalWanted" -> ValueSome FactsV1.proposalWanted
        | "ProposalUnwanted" -> ValueSome FactsV1.proposalUnwanted
        | "ProposalQueued" -> ValueSome FactsV1.proposalQueued
        | "ProposalSigned" -> ValueSome(FactsV1.signedTurn ProposalSigned)
        | "ProposalDropped" -> ValueSome FactsV1.proposalDropped
        | "ProposalReceived" -> ValueSome FactsV1.proposalReceived
        | "ProposalAgreed" -> ValueSome(FactsV1.signedTurn ProposalAgreed)
        | "HoldingsObserved" -> ValueSome FactsV1.holdingsObserved
        | "PayoutObserved" -> ValueSome FactsV1.payoutObserved
        | "HoldingsDoubted" -> ValueSome FactsV1.holdingsDoubted
        | "VoucherIssued" -> ValueSome(FactsV1.voucher VoucherIssued)
        | "VoucherReceived" -> ValueSome(FactsV1.voucher VoucherReceived)
        | "IntentRecorded" -> ValueSome FactsV1.intentRecorded
        | "IntentFinished" -> ValueSome FactsV1.intentFinished
        | "Woken" -> ValueSome FactsV1.woken
        | "JournalRestored" -> ValueSome FactsV1.journalRestored
        | "ChannelConfirmed" -> ValueSome(FactsV1.channelOfPeer ChannelConfirmed)
        | "ChannelDoubted" -> ValueSome(FactsV1.channelOfPeer ChannelDoubted)
        | "LedgerAdopted" -> ValueSome FactsV1.ledgerAdopted
        | "EpochOpened" -> ValueSome FactsV1.epochOpened
        | _ -> RestatedReadV1.tryReader name |> ValueOption.map (fun reader -> reader >> Result.map Restated)

    let private objectOf reader (element: JsonElement) : Read<Fact> =
        if element.ValueKind = JsonValueKind.Object then reader element else Error "expected an object"

    /// The fact of a record, or what is wrong with it: `VoucherIssued 1: total: expected ...`. Total: any bytes give an answer.
    let decode (name: string) (version: int) (body: ReadOnlyMemory<byte>) : Result<Fact, string> =
        match tryReader name with
        | ValueNone -> Error $"no fact is called '{name}'; a newer program may have written this journal"
        | ValueSome _ when version <> Version ->
            Error $"{name} {version}: this program reads version {Version} only; a newer one may have written this journal"
        | ValueSome reader ->
            match Json.decode body (objectOf reader) with
            | Ok fact -> Ok fact
            | Error text -> Error $"{name} {version}: {text}"
