/// Files 09 to 12 and 21: the contracts' words, computations, calls and logs.
module Nitro.Core.Tests.Vectors.ContractVectors

open System
open System.IO
open System.Text.Json
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Core.Tests.Vectors.Sample

[<VectorTheory; Vectors "09-status-words">]
let ``Vector 09: status word`` (index: int) (_id: string) =
    let input = input "09-status-words" index
    let expected = expected "09-status-words" index

    let word =
        ContractRules.statusWord
            (unsigned "turnNumRecord" input)
            (unsigned "finalizesAt" input)
            (bytes32 "stateHash" input)
            (bytes32 "outcomeHash" input)

    let unpacked: StatusWord =
        { TurnRecord = unsigned "turnNumRecord" expected
          FinalizesAt = unsigned "finalizesAt" expected
          Fingerprint = address "fingerprint" expected }

    Assert.Equal(text "status" expected, string word)
    Assert.Equal(unpacked, ContractRules.unpackStatus word)
    Assert.Equal(word, ContractRules.packStatus unpacked)

let private indices name element = list name (fun item -> item.ToString() |> int) element

[<VectorTheory; Vectors "10a-transfer-effects">]
let ``Vector 10a: what a transfer pays and leaves`` (index: int) (_id: string) =
    let input = input "10a-transfer-effects" index
    let expected = expected "10a-transfer-effects" index

    let effects =
        { Remaining = list "newAllocations" toAllocation expected
          Payouts = list "exitAllocations" toAllocation expected
          AllZero = flag "allocatesOnlyZeros" expected
          Total = amount "totalPayouts" expected }

    let found =
        ContractRules.transfer (amount "initialHoldings" input) (list "allocations" toAllocation input) (indices "indices" input)

    Assert.Equal(Ok effects, found)

[<VectorTheory; Vectors "10b-reclaim-effects">]
let ``Vector 10b: what a reclaim gives back to the ledger`` (index: int) (_id: string) =
    let input = input "10b-reclaim-effects" index
    let wanted = list "newSourceAllocations" toAllocation (expected "10b-reclaim-effects" index)

    let found =
        ContractRules.reclaim
            (list "sourceAllocations" toAllocation input)
            (list "targetAllocations" toAllocation input)
            (number "indexOfTargetInSource" input)

    Assert.Equal(Ok wanted, found)

let private signed keys (state: State) : SignedPart =
    { Part = state.Variable
      Signatures = keys |> List.map (fun key -> signState key state) }

let private challenger input (candidate: State) =
    sign (bytes "challengerKey" input) (State.challengeHash (hashOf candidate))

/// Of one state that all sign, or of a proof and a candidate with signers of their own.
let private supportCalldata method (input: JsonElement) =
    if has "proofSignedBy" input then
        let recovered name bits : RecoveredPart = { Part = (state name input).Variable; SignedBy = amount bits input }
        let proof = recovered "proof" "proofSignedBy"
        ChainV1.appStateIsSupported (state "candidate" input).Fixed [ proof ] (recovered "candidate" "candidateSignedBy")
    else
        let candidate, proof, signedCandidate =
            if has "proof" input then
                let candidate = state "candidate" input
                candidate, [ signed (keys "proofKeys" input) (state "proof" input) ], signed (keys "candidateKeys" input) candidate
            else
                let candidate = state "state" input
                candidate, [], signed (keys "privateKeys" input) candidate

        match method with
        | "challenge" -> ChainV1.challenge candidate.Fixed proof signedCandidate (challenger input candidate)
        | "checkpoint" -> ChainV1.checkpoint candidate.Fixed proof signedCandidate
        | _ -> ChainV1.stateIsSupported candidate.Fixed proof signedCandidate

let private reclaimArguments element : ReclaimArguments =
    { Source = channel "sourceChannelId" element
      SourceStateHash = bytes32 "sourceStateHash" element
      SourceOutcome = bytes "sourceOutcomeBytes" element
      SourceAssetIndex = number "sourceAssetIndex" element
      GuaranteeIndex = number "indexOfTargetInSource" element
      TargetStateHash = bytes32 "targetStateHash" element
      TargetOutcome = bytes "targetOutcomeBytes" element
      TargetAssetIndex = number "targetAssetIndex" element }

[<VectorTheory; Vectors "11-calldata">]
let ``Vector 11: calldata`` (index: int) (_id: string) =
    let input = input "11-calldata" index
    let expected = expected "11-calldata" index
    let outcome () = (state "state" input).Variable.Outcome
    let channel () = channel "channelId" input

    let conclude write =
        let state = state "state" input
        write state.Fixed (signed (keys "privateKeys" input) state)

    let calldata =
        match text "method" input with
        | "deposit" ->
            ChainV1.deposit (address "asset" input) (channel ()) (amount "expectedHeld" input) (amount "amount" input)
        | "conclude" -> conclude ChainV1.conclude
        | "concludeAndTransferAllAssets" -> conclude ChainV1.concludeAndTransferAllAssets
        | "challenge"
        | "checkpoint"
        | "stateIsSupported" as method -> supportCalldata method input
        | "transferAllAssets" -> ChainV1.transferAllAssets (channel ()) (outcome ()) (bytes32 "stateHash" input)
        | "transfer" ->
            ChainV1.transfer
                (number "assetIndex" input)
                (channel ())
                (Outcome.encode (outcome ()))
                (bytes32 "stateHash" input)
                (indices "indices" input)
        | "reclaim" -> ChainV1.reclaim (reclaimArguments (get "reclaimArgs" input))
        | "holdings" -> ChainV1.holdings (address "asset" input) (channel ())
        | "statusOf" -> ChainV1.statusOf (channel ())
        | "unpackStatus" -> ChainV1.unpackStatus (channel ())
        | "approve" -> ChainV1.approve (address "spender" input) (amount "amount" input)
        | other -> failwith $"a new function: {other}"

    Assert.Equal(text "selector" expected, hex (ChainNamesV1.selector (text "signature" input)))
    Assert.Contains(text "signature" input, ChainNamesV1.functions)
    Assert.Equal(text "calldata" expected, hex calldata)

    // The calls after which AllocationUpdated events come name their outcome.
    match text "method" input with
    | "concludeAndTransferAllAssets"
    | "transferAllAssets"
    | "transfer" -> Assert.Equal(ValueSome(outcome ()), ChainV1.tryOutcomeOfCall calldata)
    | _ -> Assert.Equal(ValueNone, ChainV1.tryOutcomeOfCall calldata)

/// The npm package's compiled contract, whose digest the vectors pin.
let private artifact (contract: string) =
    let folder =
        match VectorFiles.root with
        | Some root -> Path.Combine(root, "tests/devnet/node_modules/@statechannels/nitro-protocol/dist/artifacts/contracts")
        | None -> ""

    let path = Path.Combine(folder, contract + ".sol", contract + ".json")
    Assert.True(File.Exists path, $"{path} is missing: run `npm ci` in tests/devnet")
    use document = JsonDocument.Parse(File.ReadAllBytes path)
    document.RootElement.Clone()

let private bytecode name (wanted: JsonElement) prefix artifact =
    let code = bytes name artifact
    Assert.Equal(number (prefix + "BytecodeBytes") wanted, code.Length)
    Assert.Equal(text (prefix + "BytecodeKeccak") wanted, string (Keccak.hash code))

[<VectorTheory; Vectors "12-abi-constants">]
let ``Vector 12: selectors, topics and code of the contracts`` (index: int) (_id: string) =
    let input = input "12-abi-constants" index
    let expected = expected "12-abi-constants" index

    match text "kind" input with
    | "function" ->
        Assert.Contains(text "signature" input, ChainNamesV1.functions)
        Assert.Equal(text "selector" expected, hex (ChainNamesV1.selector (text "signature" input)))
    | "event" ->
        let topic = ChainNamesV1.topic (text "signature" input)
        Assert.Equal(text "topic0" expected, string topic)
        Assert.Contains(topic, ChainV1.topics)
    | "bytecode" ->
        let artifact = artifact (text "contract" input)
        bytecode "bytecode" expected "creation" artifact
        bytecode "deployedBytecode" expected "deployed" artifact
    | other -> failwith $"a new kind: {other}"

let private toSigned element : SignedPart =
    { Part = toVariable (get "variablePart" element)
      Signatures = list "sigs" toSignature element }

let private toEvent name args =
    let channel () = channel "channelId" args
    let assetIndex () = number "assetIndex" args

    match name with
    | "Deposited" ->
        Deposited(ChannelId(bytes32 "destination" args), address "asset" args, amount "destinationHoldings" args) |> ValueSome
    | "AllocationUpdated" ->
        AllocationUpdated(channel (), assetIndex (), amount "initialHoldings" args, amount "finalHoldings" args) |> ValueSome
    | "Concluded" -> Concluded(channel (), unsigned "finalizesAt" args) |> ValueSome
    | "ChallengeRegistered" ->
        ChallengeRegistered(
            channel (),
            unsigned "finalizesAt" args,
            list "proof" toSigned args,
            toSigned (get "candidate" args)
        )
        |> ValueSome
    | "ChallengeCleared" -> ChallengeCleared(channel (), unsigned "newTurnNumRecord" args) |> ValueSome
    | "Checkpointed" -> Checkpointed(channel (), unsigned "newTurnNumRecord" args) |> ValueSome
    | "Reclaimed" -> Reclaimed(channel (), assetIndex ()) |> ValueSome
    // Events of other contracts, such as a token's transfers.
    | _ -> ValueNone

[<VectorTheory; Vectors "21-events">]
let ``Vector 21: logs`` (index: int) (_id: string) =
    let input = input "21-events" index
    let expected = expected "21-events" index
    let topics = list "topics" (fun item -> toBytes32 (string (item.GetString()))) input
    let event = ChainV1.tryEvent topics (ReadOnlyMemory(bytes "data" input))
    Assert.Equal(string (ChainNamesV1.topic (text "signature" expected)), string topics.Head)
    Assert.Equal(toEvent (text "event" expected) (get "args" expected), event)

    match event with
    | ValueSome(AllocationUpdated(_, assetIndex, _, _)) ->
        match ChainV1.tryOutcomeOfCall (bytes "transactionCalldata" input) with
        | ValueSome outcome -> Assert.True(assetIndex < outcome.Length)
        | ValueNone -> Assert.Fail "the call's outcome was not found"
    | _ -> ()
