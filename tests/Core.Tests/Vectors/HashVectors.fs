/// Files 02 to 05 and 16: encodings and hashes of channels, outcomes and states.
module Nitro.Core.Tests.Vectors.HashVectors

open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Core.Tests.Vectors.Sample

[<VectorTheory; Vectors "02-channel-ids">]
let ``Vector 02: encoding and id of a fixed part`` (index: int) (_id: string) =
    let expected = expected "02-channel-ids" index
    let part = toFixed (input "02-channel-ids" index)
    Assert.Equal(text "encoded" expected, hex (FixedPart.encode part))
    Assert.Equal(text "channelId" expected, string (FixedPart.channelId part))

[<VectorTheory; Vectors "03-outcomes">]
let ``Vector 03: encoding and hash of an outcome`` (index: int) (_id: string) =
    let expected = expected "03-outcomes" index
    let outcome = toOutcome (input "03-outcomes" index)
    Assert.Equal(text "encoded" expected, hex (Outcome.encode outcome))
    Assert.Equal(text "hash" expected, string (Outcome.hash outcome))
    Assert.Equal(ValueSome outcome, Outcome.tryDecode (bytes "encoded" expected))

[<VectorTheory; Vectors "04-guarantee-metadata">]
let ``Vector 04: metadata of a guarantee`` (index: int) (_id: string) =
    let input = input "04-guarantee-metadata" index
    let encoded = bytes "encoded" (expected "04-guarantee-metadata" index)
    let left, right = bytes32 "left" input, bytes32 "right" input
    Assert.Equal(hex encoded, hex (Outcome.guaranteeMetadata left right))
    Assert.Equal(ValueSome(struct (left, right)), Outcome.tryGuaranteeMetadata encoded)

[<VectorTheory; Vectors "05-states">]
let ``Vector 05: encoding and hashes of a state`` (index: int) (_id: string) =
    let expected = expected "05-states" index
    let state = toState (input "05-states" index)
    let channel = channelOf state
    Assert.Equal(text "channelId" expected, string channel)
    Assert.Equal(text "encoded" expected, hex (State.encode channel state.Variable))
    Assert.Equal(text "stateHash" expected, string (hashOf state))
    Assert.Equal(text "outcomeHash" expected, string (Outcome.hash state.Variable.Outcome))
    Assert.Equal(text "challengeHash" expected, string (State.challengeHash (hashOf state)))

[<VectorTheory; Vectors "16-deposit-thresholds">]
let ``Vector 16: what must be held before and after a deposit`` (index: int) (_id: string) =
    let input = input "16-deposit-thresholds" index
    let expected = expected "16-deposit-thresholds" index
    let outcome = outcome "outcome" input
    let destination = bytes32 "destination" input
    let threshold = Outcome.depositSafetyThreshold destination outcome |> ofText "sum"
    let own = Outcome.allocatedTo destination outcome |> ofText "sum"

    let target =
        own |> Map.fold (fun sum asset amount -> Funds.tryAdd asset amount sum |> ofText "sum") threshold

    Assert.Equal<Funds>(funds "depositSafetyThreshold" expected, threshold)
    Assert.Equal<Funds>(funds "allocatedToDestination" expected, own)
    Assert.Equal<Funds>(funds "depositTarget" expected, target)
    Assert.Equal(ValueSome(funds "fullyFundedThreshold" expected), Outcome.totalAllocated outcome)
