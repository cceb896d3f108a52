/// The core against the contracts' own npm package, on random structures.
module Nitro.Core.Tests.Oracle

open System
open System.Diagnostics
open System.IO
open System.Text.Json
open System.Text.Json.Nodes
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Core.Tests.Vectors

[<Literal>]
let private Cases = 2000

type private Case =
    { State: State
      Voucher: Voucher
      Signature: Signature
      Left: Destination
      Right: Destination
      Message: byte[] }

let private make (samples: Samples) : Case =
    { State = samples.State()
      Voucher = { Channel = ChannelId(samples.Bytes32()); Total = samples.Amount() }
      Signature = samples.Signature()
      Left = samples.Destination()
      Right = samples.Destination()
      Message = samples.Bytes(samples.Below 420) }

let private text (value: obj) : JsonNode | null = JsonValue.Create(string value)
let private hex (bytes: byte[]) : JsonNode | null = JsonValue.Create(Hex.prefixed (ReadOnlySpan bytes))
let private number (value: int) : JsonNode | null = JsonValue.Create value

let private object (fields: (string * JsonNode | null) list) : JsonNode | null =
    let node = JsonObject()

    for name, value in fields do
        node.Add(name, value)

    node

let private list (items: (JsonNode | null) list) : JsonNode | null = JsonArray(Array.ofList items)

let private allocation (allocation: Allocation) =
    object
        [ "destination", text allocation.Destination
          "amount", text allocation.Amount
          "allocationType", number (int allocation.Type)
          "metadata", hex allocation.Metadata ]

let private exit (exit: AssetExit) =
    object
        [ "asset", text exit.Asset
          "assetMetadata", object [ "assetType", number (int exit.MetadataType); "metadata", hex exit.Metadata ]
          "allocations", list (List.map allocation exit.Allocations) ]

let private question (case: Case) =
    let part = case.State.Fixed
    let variable = case.State.Variable

    object
        [ "state",
          object
              [ "participants", list (part.Participants |> List.map (fun item -> text item))
                "channelNonce", text part.Nonce
                "appDefinition", text part.App
                "challengeDuration", text part.ChallengeDuration
                "appData", hex variable.AppData
                "outcome", list (List.map exit variable.Outcome)
                "turnNum", text variable.Turn
                "isFinal", JsonValue.Create variable.IsFinal ]
          "voucher", object [ "channelId", text case.Voucher.Channel; "amount", text case.Voucher.Total ]
          "signature",
          object
              [ "v", number (int case.Signature.V)
                "r", text case.Signature.R
                "s", text case.Signature.S ]
          "guarantee", object [ "left", text case.Left; "right", text case.Right ]
          "message", hex case.Message ]

/// One process for all questions.
let private ask (questions: string list) =
    let folder = Path.Combine(VectorFiles.root |> Option.defaultValue "", "tests/devnet")
    Assert.True(Directory.Exists(Path.Combine(folder, "node_modules")), $"{folder}/node_modules is missing: run `npm ci` in tests/devnet")
    let start = ProcessStartInfo("node", "oracle.mjs")
    start.WorkingDirectory <- folder
    start.RedirectStandardInput <- true
    start.RedirectStandardOutput <- true

    match Process.Start start with
    | null -> failwith "node did not start"
    | started ->
        use oracle = started
        oracle.StandardInput.Write(String.Join('\n', questions) + "\n")
        oracle.StandardInput.Close()
        let answers = oracle.StandardOutput.ReadToEnd()
        oracle.WaitForExit()
        Assert.Equal(0, oracle.ExitCode)
        answers.Split('\n', StringSplitOptions.RemoveEmptyEntries)

let private compare (case: Case) (answer: JsonElement) =
    let same name (found: string) = Assert.Equal(answer.GetProperty(name: string).GetString(), found)
    let sameBytes name (found: byte[]) = same name (Hex.prefixed (ReadOnlySpan found))
    let channel = FixedPart.channelId case.State.Fixed
    let outcome = case.State.Variable.Outcome
    let stateHash = State.hash channel case.State.Variable
    same "channelId" (string channel)
    sameBytes "state" (State.encode channel case.State.Variable)
    same "stateHash" (string stateHash)
    same "challengeHash" (string (State.challengeHash stateHash))
    sameBytes "outcome" (Outcome.encode outcome)
    same "outcomeHash" (string (Outcome.hash outcome))
    sameBytes "guarantee" (Outcome.guaranteeMetadata case.Left case.Right)
    same "voucherHash" (string (Voucher.hash case.Voucher))
    sameBytes "appData" (Voucher.appData case.Voucher.Total case.Signature)
    same "messageHash" (string (Keccak.hash case.Message))
    same "personalHash" (string (Digest.personalMessage case.Message))
    same "checksum" (Text.checksum case.State.Fixed.App)
    Assert.Equal(ValueSome outcome, Outcome.tryDecode (Outcome.encode outcome))

[<Fact>]
let ``The core encodes and hashes what the contracts' package does`` () =
    let samples = Samples 20_240_601
    let cases = List.init Cases (fun _ -> make samples)

    let questions =
        cases
        |> List.map (fun case ->
            match question case with
            | null -> ""
            | node -> node.ToJsonString())

    let answers = ask questions
    Assert.Equal(Cases, answers.Length)

    for case, answer in Seq.zip cases answers do
        use document = JsonDocument.Parse answer
        compare case document.RootElement
