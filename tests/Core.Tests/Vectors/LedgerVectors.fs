/// File 13: what proposals make of a ledger, who signs what, and the text they travel in.
module Nitro.Core.Tests.Vectors.LedgerVectors

open System.Text
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire
open Nitro.Core.Tests.Vectors.Sample

let private guarantee element : Guarantee =
    { Target = channel "target" element
      Amount = amount "amount" element
      Left = bytes32 "left" element
      Right = bytes32 "right" element }

let private ledgerOutcome name element : LedgerOutcome =
    let outcome = get name element
    let leader, follower = get "leader" outcome, get "follower" outcome

    { Asset = address "asset" outcome
      Leader = bytes32 "destination" leader
      LeaderBalance = amount "amount" leader
      Follower = bytes32 "destination" follower
      FollowerBalance = amount "amount" follower
      Guarantees = list "guarantees" guarantee outcome |> List.map (fun g -> g.Target, g) |> Map.ofList }

let private proposal element =
    if has "add" element then
        let add = get "add" element
        Add(guarantee add, amount "leftDeposit" add)
    else
        let remove = get "remove" element
        Remove(channel "target" remove, amount "leftAmount" remove)

let private written write =
    JsonWrite.encode (fun writer ->
        writer.WriteStartObject()
        write writer
        writer.WriteEndObject())

let private outcomeText (outcome: LedgerOutcome) =
    let parts (g: Guarantee) = g.Amount, g.Target.Value, g.Left, g.Right

    WireText.ledgerOutcome
        outcome.Asset
        (outcome.Leader, outcome.LeaderBalance)
        (outcome.Follower, outcome.FollowerBalance)
        (outcome.Guarantees.Values |> Seq.map parts |> List.ofSeq)

/// The one signed proposal of a message between the two.
let private signedText (fixedPart: FixedPart) ledger proposal turn signature =
    let said = { Ledger = ledger; Proposal = proposal; Turn = turn; Signature = signature; Recovered = ValueNone }
    let leader, follower = fixedPart.Participants[0], fixedPart.Participants[1]
    use document = System.Text.Json.JsonDocument.Parse(PeerV1.encode follower { From = leader; Items = [ ProposalItem said ] })
    document.RootElement.GetProperty("LedgerProposals").[0].GetRawText()

[<VectorTheory; Vectors "13-ledger-updates">]
let ``Vector 13: proposals on a ledger`` (index: int) (_id: string) =
    let input = input "13-ledger-updates" index
    let expected = expected "13-ledger-updates" index
    let fixedPart = toFixed (get "fixedPart" input)
    let ledger = FixedPart.channelId fixedPart
    let leaderKey, followerKey = bytes "leaderKey" input, bytes "followerKey" input
    let hashAt turn outcome = State.hash ledger (Ledger.toVariable GoNitro turn false outcome)
    let initial = get "initial" input
    let start = unsigned "turnNum" initial, ledgerOutcome "outcome" initial
    let initialHash = start ||> hashAt
    Assert.Equal(channel "ledgerId" expected, ledger)
    Assert.Equal(text "initialStateHash" expected, string initialHash)
    Assert.Equal(text "initialLeaderSignature" expected, string (sign leaderKey initialHash))
    Assert.Equal(text "initialFollowerSignature" expected, string (sign followerKey initialHash))

    let check (turn, outcome) (given, step) =
        let proposal = proposal given
        let json = text "proposalJson" step
        Assert.Equal(json, Encoding.UTF8.GetString(written (StateJson.writeProposal ledger proposal)))
        Assert.Equal(Ok(struct (ledger, proposal)), Json.decode (WireText.memory json) (StateJson.readProposal Json.destinationLenient))

        match Ledger.apply proposal outcome with
        | Error reason ->
            Assert.Equal(text "error" step, reason)
            turn, outcome
        | Ok after ->
            let next = turn + 1UL
            let hash = hashAt next after
            let byLeader, byFollower = sign leaderKey hash, sign followerKey hash
            Assert.Equal(unsigned "turnNum" step, next)
            Assert.Equal<LedgerOutcome>(ledgerOutcome "outcome" step, after)
            Assert.Equal(text "ledgerOutcomeJson" step, outcomeText after)
            Assert.Equal(text "stateHash" step, string hash)
            Assert.Equal(text "leaderSignature" step, string byLeader)
            Assert.Equal(text "followerSignature" step, string byFollower)
            Assert.Equal(text "leaderSignedProposalJson" step, signedText fixedPart ledger proposal next byLeader)
            Assert.Equal(text "followerSignedProposalJson" step, signedText fixedPart ledger proposal next byFollower)
            next, after

    List.zip (list "proposals" id input) (list "steps" id expected) |> List.fold check start |> ignore
