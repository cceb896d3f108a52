/// The recorded chain of vectors 20, all of it on one chain in file order, replayed on the model.
module Nitro.PropertyTests.Chain.ScenarioVectorTests

open System
open System.IO
open System.Text.Json
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Simulation
open Nitro.PropertyTests.Chain

let private vectors =
    lazy
        (let folder =
            match Environment.GetEnvironmentVariable "NITRO_VECTORS" with
            | null
            | "" -> Path.Combine(Places.repository.Value, "tests", "vectors")
            | given -> given

         let path = Path.Combine(folder, "nitro", "20-chain-scenarios.json")

         if File.Exists path then
             JsonDocument.Parse(File.ReadAllBytes path).RootElement.GetProperty("vectors").EnumerateArray() |> List.ofSeq
         else
             [])

/// The ids of the recorded scenarios; none where the file is absent.
let Scenarios = TheoryData<string>(vectors.Value |> List.map (fun vector -> string (vector.GetProperty("id").GetString())))

let private text (name: string) (element: JsonElement) = element.GetProperty(name).GetString() |> string
let private given what (value: 'T voption) = match value with ValueSome found -> found | ValueNone -> invalidOp $"the vector has a bad {what}"
let private bytes text = Hex.tryParse text |> given "byte string"
let private address text = Address.tryParse text |> given "address"
let private amount text = Amount.tryParse text |> given "amount"
let private bytes32 text = Bytes32.tryParse text |> given "32 bytes"

/// What the file's README says stands before the first scenario: the deployments, and some tokens for account 1.
let private genesis (vector: JsonElement) =
    let input = vector.GetProperty "input"
    let contracts = input.GetProperty "contracts"
    let token = address (text "ERC20" contracts)
    let deployer = address (text "deployer" input)
    let second = address "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"

    Contracts.deploy
        { Adjudicator = address (text "NitroAdjudicator" contracts)
          ConsensusApp = address (text "ConsensusApp" contracts)
          VirtualPaymentApp = address (text "VirtualPaymentApp" contracts) }
    |> Contracts.withToken token deployer (amount "1000000000000000000000000")
    |> Execution.run RealCurve.recover 1UL deployer (Call.TokenTransfer(token, second, Amount.ofUInt64 1_000_000UL))
    |> Result.map fst
    |> Result.defaultWith invalidOp

let private recordedLogs (contracts: Contracts) (step: JsonElement) =
    [ for log in step.GetProperty("logs").EnumerateArray() do
          if address (text "address" log) = contracts.Deployed.Adjudicator then
              let topics = [ for topic in log.GetProperty("topics").EnumerateArray() -> bytes32 (string (topic.GetString())) ]
              ChainV1.tryEvent topics (ReadOnlyMemory(bytes (text "data" log))) |> given "log" ]

/// What is pinned of channels after a step, and what the model has.
let private channels (step: JsonElement) (contracts: Contracts) =
    [ for channel in step.GetProperty("after").EnumerateObject() do
          let id = ChannelId(bytes32 (text "channelId" channel.Value))
          let recorded = text "status" channel.Value
          let status = Contracts.status id contracts |> ContractRules.packStatus
          $"{channel.Name} {recorded}", $"{channel.Name} {status}"

          for held in channel.Value.GetProperty("holdings").EnumerateObject() do
              let asset = address held.Name
              let recorded = string (held.Value.GetString())
              $"{channel.Name} {asset} {recorded}", $"{channel.Name} {asset} {Contracts.holdings asset id contracts}" ]

let private reason (step: JsonElement) =
    match step.TryGetProperty "revertReason" with
    | true, found when found.ValueKind = JsonValueKind.String -> string (found.GetString())
    | _ -> ""

/// One step: the contracts after it, and pairs of what was recorded and what the model says.
let private replay (contracts: Contracts) (step: JsonElement) =
    let label = text "label" step
    let reverts = text "kind" step = "revert"

    match Calldata.tryRead (address (text "to" step)) (bytes (text "calldata" step)) |> given "call" with
    | Question(fixedPart, proof, candidate) ->
        let expected = if reverts then Error(reason step) else Ok()
        contracts, [ $"{label}: {expected}", $"{label}: {Execution.stateIsSupported RealCurve.recover fixedPart proof candidate contracts}" ]
    | Transaction call ->
        let struct (_, value, data) = Calldata.ofCall contracts.Deployed call
        let written = $"{label}: {Hex.prefixed data}"
        let read = label + ": " + text "calldata" step

        if value <> amount (text "value" step) then
            // The model's senders send the right value: this is the one thing about a call that it cannot say.
            contracts, [ read, written; "Incorrect msg.value for deposit", reason step ]
        else
            let time = step.GetProperty("timestamp").GetUInt64()

            match Execution.run RealCurve.recover time (address (text "from" step)) call contracts with
            | Error found -> contracts, [ read, written; $"{label}: {reverts} {reason step}", $"{label}: True {found}" ]
            | Ok(_, _) when reverts -> contracts, [ $"{label}: reverts: {reason step}", $"{label}: succeeds" ]
            | Ok(after, logs) ->
                let recorded = recordedLogs contracts step
                let found = if logs = recorded then "as recorded" else $"not %A{recorded} but %A{logs}"
                after, (read, written) :: ($"{label}: as recorded", $"{label}: {found}") :: channels step after

let private replayed =
    lazy
        (let mutable contracts = ValueNone

         Map.ofList
             [ for vector in vectors.Value do
                   text "id" vector,
                   [ for step in vector.GetProperty("expected").GetProperty("steps").EnumerateArray() do
                         let before = contracts |> ValueOption.defaultWith (fun () -> genesis vector)
                         let after, compared = replay before step
                         contracts <- ValueSome after
                         yield! compared ] ])

[<Theory; MemberData("Scenarios", DisableDiscoveryEnumeration = true)>]
let ``Vector 20: the model does what the recorded chain did`` (id: string) =
    let compared = replayed.Value[id]
    Assert.NotEmpty compared
    for recorded, found in compared do Assert.Equal(recorded, found)
