/// File 31: complete runs of several nodes, told step by step, against our engine in go-nitro's dialect.
module Nitro.Core.Tests.Vectors.TranscriptVectors

open System
open System.Collections.Generic
open System.Text.RegularExpressions
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Core.Tests.Vectors.Sample

let private addressOf (key: byte[]) =
    let digest = Keccak.hash [||]
    recover digest (signDigest key digest) |> ofText "key"

/// Everyone speaks go-nitro; the policy approves all, but for the one who rejects.
let private settings me others consensusApp rejects : Settings =
    let all = Amount.addSaturated Amount.zero (toAmount "1000000000000000000")

    { Me = me
      ConsensusApp = consensusApp
      VirtualApp = Address.ofSpan (ReadOnlySpan(Array.create 20 0x77uy))
      Adjudicator = Address.ofSpan (ReadOnlySpan(Array.create 20 0x78uy))
      ChainId = 0UL
      Confirmations = 1UL
      DefaultChallengeDuration = 0u
      GoNitroPeers = Set.ofList others
      Policy =
        { Policy.permissive with
            AnyUnenforceable = all
            DeniedPeers = if rejects then Set.ofList others else Set.empty }
      Limits = Limits.standard
      Recover = Recover(fun digest signature -> recover digest signature) }

type private Run(input: Text.Json.JsonElement) =
    let keys = (get "keys" input).EnumerateObject() |> Seq.map (fun entry -> entry.Name, toBytes (string (entry.Value.GetString()))) |> Map.ofSeq
    let addresses = keys |> Map.map (fun _ key -> addressOf key)
    let rejecter = if has "rejecter" input then text "rejecter" input else ""

    let nodes =
        keys
        |> Map.map (fun name key ->
            let others = addresses |> Map.remove name |> Map.values |> List.ofSeq
            TranscriptNode(settings addresses[name] others (address "consensusApp" input) (name = rejecter), signDigest key))

    /// What each sender has said to each receiver and the receiver was not yet told of.
    let lines = Dictionary<struct (string * string), Queue<string>>()
    let nonces = Queue(list "nonces" (fun item -> UInt64.Parse(item.ToString())) input)
    let payments = Queue(if has "payments" input then list "payments" (fun item -> toAmount (item.ToString())) input else [])
    let mutable count = 0UL

    let line from receiver =
        match lines.TryGetValue(struct (from, receiver)) with
        | true, queue -> queue
        | _ ->
            let queue = Queue()
            lines[struct (from, receiver)] <- queue
            queue

    member _.Addresses = addresses
    member _.Nodes = nodes
    member _.Line(from, receiver) = line from receiver
    member _.NextNonce() = nonces.Dequeue()
    member _.NextPayment() = payments.Dequeue()

    /// Rises with every trigger: heights of blocks, names of requests.
    member _.Next() =
        count <- count + 1UL
        count

    member _.IsOver = nonces.Count = 0 && payments.Count = 0 && lines.Values |> Seq.forall (fun queue -> queue.Count = 0)

/// The caller's arguments stand nowhere but in what the call leads to: participants, duration and outcome of the first state told.
let private creation (run: Run) (told: Told) make =
    let state = told.Messages |> List.head |> snd |> Transcript.stateIn |> ofText "first message"
    make (List.tail state.Fixed.Participants) state.Fixed.ChallengeDuration state.Variable.Outcome (run.NextNonce())

let private command (run: Run) (told: Told) =
    let channel () = (told.Objective |> ofText "objective").Channel

    match told.Trigger with
    | "api: create_ledger_channel" ->
        creation run told (fun others seconds outcome nonce -> CreateLedger(List.exactlyOne others, seconds, outcome, nonce))
    | "api: create_payment_channel" ->
        creation run told (fun others seconds outcome nonce ->
            CreatePaymentChannel(List.take (others.Length - 1) others, List.last others, seconds, outcome, nonce))
    | "api: close_payment_channel" -> ClosePaymentChannel(channel ())
    | "api: close_ledger_channel" -> CloseLedger(channel ())
    | "api: pay" ->
        // One payment channel is open in each run.
        let open' (channel: Channel) = channel.Payments.IsSome && Channel.isOpen channel
        let channel = run.Nodes[told.Node].State.Channels.Items.Values |> Seq.find open'
        Pay(channel.Terms.Id, run.NextPayment(), Sent)
    | other -> failwith $"a new request: {other}"

let private asked (run: Run) command =
    let number = run.Next()
    Asked(RequestId $"transcript-{number:D10}", Bytes32.ofUInt64 number, command)

/// `Deposited(200)`: what the channel holds now. `AllocationUpdated(0)`: what is left of it.
let private shown (run: Run) (told: Told) =
    let id = (told.Objective |> ofText "objective").Channel
    let channel = run.Nodes[told.Node].Channel id
    let parts = Regex.Match(told.Trigger, @"^chain event: (\w+)\((\d+)\)$").Groups
    let value = toAmount parts[2].Value

    let notice =
        match parts[1].Value with
        | "Deposited" -> ChainNotice.Deposited(id, channel.Terms.Opening.Asset, value)
        | "AllocationUpdated" -> ChainNotice.PaidOut(id, 0, channel.Chain.Held, value)
        | other -> failwith $"a new event: {other}"

    let height = run.Next()
    ChainShowed(notice, { Height = height; Index = 0u; BlockHash = Bytes32.ofUInt64 height })

let private perform (run: Run) (told: Told) : Doings =
    let node = run.Nodes[told.Node]

    if told.Trigger.StartsWith("api: ", StringComparison.Ordinal) then node.Feed(asked run (command run told))
    elif told.Trigger.StartsWith("chain event: ", StringComparison.Ordinal) then node.Feed(shown run told)
    else
        let from = Regex.Match(told.Trigger, @"^message from (\w+): ").Groups[1].Value
        node.Receive(run.Addresses[from], run.Line(from, told.Node).Dequeue())

/// A call as the vectors write it; deposits and conclusions are all there are.
let private checkCall (node: TranscriptNode) (wanted: Text.Json.JsonElement) call =
    match call with
    | Deposit(id, _, deposit) ->
        Assert.Equal("deposit", text "kind" wanted)
        Assert.Equal(channel "channelId" wanted, id)
        Assert.Equal(address "asset" wanted, (node.Channel id).Terms.Opening.Asset)
        Assert.Equal(amount "amount" wanted, deposit)
    | ConcludeAndTransfer id ->
        Assert.Equal("concludeAndTransferAllAssets", text "kind" wanted)
        Assert.Equal(channel "channelId" wanted, id)
        let final = Channel.completeFinal (node.Channel id) |> Option.toValueOption |> ofText "final state"
        Assert.Equal(unsigned "turnNum" wanted, final.Variable.Turn)
        Assert.Equal(text "stateHash" wanted, string final.Hash)
        Assert.Equal<Signature list>(list "signatures" toSignature wanted, final.Signatures.Values |> List.ofSeq)
    | ReadHoldings id -> Assert.Fail $"nobody doubts the holdings of {id}"

/// Per receiver, in order: between receivers no order is meant.
let private byReceiver messages = messages |> List.groupBy fst |> List.map (fun (who, said) -> who, List.map snd said) |> Map.ofList

let private checkStep (run: Run) number (told: Told) =
    let where = $"step {number}, {told.Node}, {told.Trigger}"
    let doings = perform run told
    let node = run.Nodes[told.Node]

    match doings.Taking with
    | Take -> ()
    | other -> Assert.Fail $"{where}: {other}"

    for answer in doings.Answers do
        match answer with
        | Failed problem -> Assert.Fail $"{where}: {problem}"
        | _ -> ()

    let wanted = told.Messages |> List.map (fun (name, json) -> run.Addresses[name], json) |> byReceiver
    let found = byReceiver doings.Messages

    for receiver in Seq.append wanted.Keys found.Keys |> Seq.distinct do
        let of' (messages: Map<Address, string list>) = messages.TryFind receiver |> Option.defaultValue [] |> String.concat "\n"
        Assert.Equal($"{where} to {receiver}:\n" + of' wanted, $"{where} to {receiver}:\n" + of' found)

    Assert.Equal(told.Transactions.Length, doings.Calls.Length)
    List.iter2 (checkCall node) told.Transactions doings.Calls

    match told.Objective, told.WaitingFor with
    | ValueSome id, ValueSome label ->
        let record = node.Objective id |> ofText $"objective in {where}"
        Assert.Equal($"{where}: {label}", $"{where}: {node.Label record}")
        Assert.Equal(told.Completed, (record.Ending = ValueSome Completed))
    | _ -> ()

    match told.Objective, told.Status with
    | ValueSome id, ValueSome "Rejected" ->
        (match node.Objective id with
         | ValueSome { Ending = ValueSome(Rejected _) } -> ()
         | other -> Assert.Fail $"{where}: {other}")
    | _, ValueSome other -> Assert.Fail $"a new status: {other}"
    | _, ValueNone -> ()

    for name, json in told.Messages do
        run.Line(told.Node, name).Enqueue json

[<VectorTheory; Vectors "31-protocol-transcripts">]
let ``Vector 31: a run of the protocol`` (index: int) (_id: string) =
    let run = Run(input "31-protocol-transcripts" index)
    Transcript.steps (expected "31-protocol-transcripts" index) |> List.iteri (checkStep run)
    Assert.True(run.IsOver, "a message, a payment or a nonce of the transcript was not used")

    for KeyValue(_, node) in run.Nodes do
        Assert.Equal(node.State, node.Replayed)
