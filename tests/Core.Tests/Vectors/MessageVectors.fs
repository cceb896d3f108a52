/// File 30: single peer messages, read and written again byte for byte.
module Nitro.Core.Tests.Vectors.MessageVectors

open System.Text
open System.Text.Json
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire
open Nitro.Core.Tests.Vectors.Sample

/// What was read, as if its signatures had been verified: writing needs no more.
let private toItem raw =
    match raw with
    | RawStateItem(objective, fixedPart, variable, signatures) ->
        StateItem(
            objective,
            { Fixed = fixedPart
              Variable = variable
              Hash = State.hash (FixedPart.channelId fixedPart) variable
              Signatures = signatures }
        )
    | RawFinalStateWanted objective -> FinalStateWantedItem objective
    | RawRejection objective -> RejectionItem objective
    | RawStandingWanted(objective, since) -> StandingWantedItem(objective, since)
    | RawStanding(objective, since) -> StandingItem(objective, since)
    | RawLedgersWanted -> LedgersWantedItem
    | RawVoucher(voucher, signature) -> VoucherItem(voucher, signature, Address.zero)
    | RawProposalItem said ->
        ProposalItem
            { Ledger = said.Ledger
              Proposal = said.Proposal
              Turn = said.Turn
              Signature = said.Signature
              Recovered = ValueNone }

/// The name by which the vectors call a message's content.
let private kind raw =
    match raw with
    | RawStateItem(objective, _, _, _) -> "SignedStatePayload/" + objective.ToString().Substring(0, objective.ToString().IndexOf '-')
    | RawFinalStateWanted _ -> "RequestFinalStatePayload"
    | RawRejection _ -> "RejectedObjectives"
    | RawStandingWanted _ -> "RequestStandingPayload"
    | RawStanding _ -> "StandingPayload"
    | RawLedgersWanted -> "RequestLedgersPayload"
    | RawVoucher _ -> "Payments"
    | RawProposalItem { Proposal = Add _ } -> "LedgerProposals/add"
    | RawProposalItem { Proposal = Remove _ } -> "LedgerProposals/remove"

let private payloadOf (json: string) =
    use document = JsonDocument.Parse json
    document.RootElement.GetProperty("ObjectivePayloads").[0].GetProperty("PayloadData").GetBytesFromBase64()

/// A payload by itself: the bytes that stand in base64 inside the message.
let private checkPayload item (payloadJson: string) (json: string) =
    Assert.Equal(payloadJson, Encoding.UTF8.GetString(payloadOf json))

    match item with
    | StateItem(objective, state) ->
        let empty = if objective.Kind = DirectDefunding then AsText else AsNull
        Assert.Equal(payloadJson, Encoding.UTF8.GetString(PeerV1.signedState empty state))

        match PeerV1.readSignedState (WireText.memory payloadJson) with
        | Error reason -> Assert.Fail reason
        | Ok(struct (fixedPart, variable, signatures)) ->
            Assert.Equal(FixedPart.channelId state.Fixed, FixedPart.channelId fixedPart)
            Assert.Equal(state.Variable, variable)
            Assert.Equal<(int * Signature) list>(state.Signatures, signatures)

            // Whoever signed is the participant under whose index the signature stands.
            for index, signature in signatures do
                Assert.Equal(ValueSome fixedPart.Participants[index], recover (Digest.personal state.Hash) signature)
    | FinalStateWantedItem objective -> Assert.Equal(payloadJson, $"\"{objective.Channel}\"")
    | ProposalItem _
    | VoucherItem _
    | RejectionItem _
    | StandingWantedItem _
    | StandingItem _
    | LedgersWantedItem -> Assert.Fail "only objective payloads have payload data"

[<VectorTheory; Vectors "30-wire-messages">]
let ``Vector 30: peer messages`` (index: int) (_id: string) =
    let expected = expected "30-wire-messages" index
    let json = text "json" expected

    match PeerV1.decode (WireText.memory json) with
    | Error reason -> Assert.Fail reason
    | Ok message ->
        let items = List.map toItem message.Items
        Assert.Equal(text "type" (input "30-wire-messages" index), kind (Assert.Single message.Items))
        let written = Encoding.UTF8.GetString(PeerV1.encode message.To { From = message.From; Items = items })
        Assert.Equal(json, written)
        Assert.Equal(text "framed" expected, written + "\n")
        if has "payloadJson" expected then checkPayload (List.exactlyOne items) (text "payloadJson" expected) json

[<VectorTheory; Vectors "30-wire-messages">]
let ``Vector 30: a framed line is read with its line feed`` (index: int) (_id: string) =
    let expected = expected "30-wire-messages" index
    Assert.Equal(PeerV1.decode (WireText.memory (text "json" expected)), PeerV1.decode (WireText.memory (text "framed" expected)))
