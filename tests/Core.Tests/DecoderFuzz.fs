/// Every decoder that outsiders reach, against damaged versions of what honest parties say: an answer always, never an exception,
/// and memory in proportion to the input. What passes goes on into the engine, which must take anything, too.
module Nitro.Core.Tests.DecoderFuzz

open System
open System.Text
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Signer
open Nitro.Wire
open Nitro.Core.Tests.Conversation

[<Literal>]
let private Inputs = 20_000

/// Bytes allocated per byte of input, and in any case.
let private fuzzWithin perByte atMost seed (valid: Samples -> byte[]) (decode: byte[] -> unit) =
    let samples = Samples seed
    let mutations = Mutations samples

    for _ in 1..Inputs do
        let input = mutations.Of(valid samples)
        let before = GC.GetAllocatedBytesForCurrentThread()
        decode input
        let allocated = GC.GetAllocatedBytesForCurrentThread() - before

        Assert.True(
            allocated <= perByte * int64 input.Length + atMost,
            $"{allocated} bytes allocated for {input.Length}: {Encoding.UTF8.GetString input}"
        )

let internal fuzz seed valid decode = fuzzWithin 400L 65_536L seed valid decode

[<Fact>]
let ``A conversation has every kind of message`` () =
    let items =
        conversations.Value
        |> Seq.collect (fun heard -> match PeerV1.decode heard.Frame with Ok message -> message.Items | Error _ -> [])
        |> Seq.map (fun item ->
            match item with
            | RawStateItem(objective, _, _, _) -> $"state {objective.Kind}"
            | RawFinalStateWanted _ -> "final state wanted"
            | RawProposalItem { Proposal = Add _ } -> "add"
            | RawProposalItem { Proposal = Remove _ } -> "remove"
            | RawStandingWanted _ -> "standing wanted"
            | RawLedgersWanted -> "ledgers wanted"
            | RawStanding _ -> "standing"
            | RawVoucher _ -> "voucher"
            | RawRejection _ -> "rejection")
        |> Set.ofSeq

    let wanted =
        [ "state DirectFunding"; "state VirtualFunding"; "state VirtualDefunding"; "state DirectDefunding"; "add"; "remove"; "voucher"; "final state wanted" ]

    Assert.Equal<Set<string>>(Set.ofList wanted, items)

/// A peer may reject as well; nobody did in the conversation.
let private rejecting (samples: Samples) heard =
    match PeerV1.decode heard.Frame with
    | Ok { Items = RawStateItem(objective, _, _, _) :: _ } when samples.Below 5 = 0 ->
        { heard with Frame = PeerV1.encode heard.Settings.Me { From = heard.Sender; Items = [ RejectionItem objective ] } }
    | _ -> heard

let private frame (samples: Samples) = conversations.Value[samples.Below conversations.Value.Length] |> rejecting samples

[<Fact>]
let ``Peers' messages: a message or an error`` () =
    fuzz 101 (fun samples -> (frame samples).Frame) (fun input -> PeerV1.decode (ReadOnlyMemory input) |> ignore)

/// What the engine made of it can be written down, read again and folded to the same state, and every promise has its body.
let private checkStep (settings: Settings) before (step: Step) =
    let reread fact =
        let struct (name, version, body) = LogV1.encode fact

        match LogV1.decode name version (ReadOnlyMemory body) with
        | Ok found -> found
        | Error reason -> raise (InvalidOperationException $"the journal could not be read again: {reason}: {fact}")

    let replayed = step.Facts |> List.fold (fun state fact -> NodeState.evolve state (Instant 1L) (reread fact)) before
    Assert.True((replayed = step.State))

    for _, intent in step.Effects do
        match intent with
        | SignPayload signing -> Assert.True((Outgoing.payload step.State signing).IsSome, $"no body: {signing}")
        | Tell(_, telling) -> Assert.True((Outgoing.message settings step.State telling).IsSome, $"no body: {telling}")
        | SubmitCall _ -> ()

/// Some five messages to one node, honest ones and damaged ones, in no order, from anywhere in its life.
[<Fact>]
let ``Inbound and the engine: a step or an offence`` () =
    let samples = Samples 102
    let mutations = Mutations samples
    let receivers = conversations.Value |> Array.groupBy (fun heard -> heard.Settings.Me, heard.Settings.GoNitroPeers) |> Array.map snd
    let mutable taken = 0

    let hear (settings: Settings) state (heard: Heard) =
        match Inbound.receive settings state heard.Sender (ReadOnlyMemory(mutations.Of heard.Frame)) with
        | Error offence ->
            Assert.NotEmpty offence.Code
            state
        | Ok message ->
            let step = Engine.step settings state { At = Instant 1L; Event = PeerSaid message }
            if step.Taking = Take then taken <- taken + 1
            checkStep settings state step
            step.State

    for _ in 1 .. Inputs / 5 do
        let life = receivers[samples.Below receivers.Length]
        let start = life[samples.Below life.Length]
        let near = samples.Below life.Length

        // Neighbours are likelier to fit than what was said long before or after.
        [ start
          rejecting samples start
          life[(near + 1) % life.Length]
          life[near]
          life[samples.Below life.Length] ]
        |> List.fold (hear start.Settings) start.Before
        |> ignore

    // Else the damage would be so great that nothing behind the decoder was tried.
    Assert.True(taken > Inputs / 10, $"only {taken} of {Inputs} were taken")

[<Fact>]
let ``Inbound: a frame too large or with too many signatures is an offence`` () =
    let heard = conversations.Value[0]
    let limits limits = { heard.Settings with Limits = limits }
    let receive settings = Inbound.receive settings heard.Before heard.Sender (ReadOnlyMemory heard.Frame)

    match receive (limits { Limits.standard with FrameBytes = heard.Frame.Length - 1 }), receive (limits { Limits.standard with SignaturesPerFrame = 0 }) with
    | Error large, Error many -> Assert.Equal<string list>([ "too-large"; "too-many-signatures" ], [ large.Code; many.Code ])
    | other -> Assert.Fail $"{other}"

let private methods =
    [| "create_ledger_channel"; "close_ledger_channel"; "create_payment_channel"; "close_payment_channel"; "pay"; "create_voucher"; "receive_voucher"
       "approve_objective"; "reject_objective"; "get_address"; "get_all_ledger_channels"; "get_ledger_channel"; "get_payment_channel"
       "get_payment_channels_by_ledger"; "get_objective"; "get_objectives"; "get_payment"; "no_such_method" |]

/// One object with the fields of all methods' payloads: each method picks its own.
let private payload (samples: Samples) =
    let id = samples.Bytes32()

    JsonWrite.encode (fun writer ->
        writer.WriteStartObject()
        writer |> JsonWrite.addresses "Intermediaries" [ irene ]
        writer |> JsonWrite.address "CounterParty" bob
        writer |> JsonWrite.uint32 "ChallengeDuration" 100u
        writer |> StateJson.writeOutcome "Outcome" (if samples.Below 2 = 0 then outcome alice bob 5 0 else samples.Outcome())
        writer |> JsonWrite.amount "Amount" (samples.Amount())
        writer |> JsonWrite.signature "Signature" (ValueSome(samples.Signature()))
        for key in [ "Channel"; "ChannelId"; "LedgerId" ] do writer |> JsonWrite.bytes32 key id
        writer |> JsonWrite.string "Id" (if samples.Below 2 = 0 then id.ToString() else $"DirectFunding-{id}")
        writer |> JsonWrite.string "Status" "Approved"
        writer |> JsonWrite.string "Reason" "because"
        writer |> JsonWrite.string "requestId" "0123456789abcdef"
        writer.WriteEndObject())

[<Fact>]
let ``API requests: a command, a query or a problem`` () =
    let mutable next = 0
    let state = conversations.Value[conversations.Value.Length - 1]

    fuzz 103 payload (fun input ->
        next <- next + 1
        let name = methods[next % methods.Length]
        CommandV1.command leniently 7UL name (ReadOnlyMemory input) |> ignore
        CommandV1.query name (ReadOnlyMemory input) |> Result.bind (ViewV1.query state.Settings state.Before) |> ignore)

[<Fact>]
let ``API requests: the engine answers whatever was asked`` () =
    let samples = Samples 104
    let mutations = Mutations samples

    for number in 1..Inputs do
        let heard = conversations.Value[samples.Below conversations.Value.Length]
        let input = mutations.Of(payload samples)
        let request = RequestId $"fuzz-{number:D12}"

        match CommandV1.command leniently (uint64 number) methods[number % methods.Length] (ReadOnlyMemory input) with
        | Error problem -> Assert.NotEmpty problem.Message
        | Ok command ->
            let step = Engine.step heard.Settings heard.Before { At = Instant 1L; Event = Asked(request, Bytes32.zero, command) }
            checkStep heard.Settings heard.Before step
            Assert.True((step.Replies |> List.forall (fun reply -> reply.To = request)))

[<Fact>]
let ``Settings: settings or an error`` () =
    let valid (_: Samples) =
        Encoding.UTF8.GetBytes(
            $"{{\"address\":\"{alice}\",\"consensusApp\":\"{irene}\",\"virtualPaymentApp\":\"{bob}\",\"adjudicator\":\"{bob}\",\"defaultChallengeDuration\":100,\
              \"goNitroPeers\":[\"{bob}\"],\"openingSeconds\":60,\"policy\":{{\"mode\":\"manual\",\"allowPeers\":[\"{bob}\"],\"denyPeers\":[],\
              \"largestAmount\":{{\"*\":\"5\",\"{bob}\":\"7\"}},\"minChallengeDuration\":0,\"maxUnenforceable\":{{\"*\":\"9\"}},\"maxLocked\":{{}}}}}}"
        )

    Assert.True((SettingsV1.decode leniently (ReadOnlyMemory(valid (Samples 0)))).IsOk)
    fuzz 105 valid (fun input -> SettingsV1.decode leniently (ReadOnlyMemory input) |> ignore)

[<Fact>]
let ``Marks: what decodes encodes to the same marks`` () =
    let valid (samples: Samples) =
        MarksV1.encode
            { Signed = Map.ofList (samples.List(20, fun () -> samples.UInt64(), samples.Bytes32()))
              Floor = samples.UInt64()
              VoucherTotal = samples.Amount()
              Final = samples.Below 2 = 0
              PostFundBarred = samples.Below 2 = 0 }

    fuzz 107 valid (fun input ->
        match MarksV1.decode (ReadOnlyMemory input) with
        | Error _ -> ()
        | Ok marks -> Assert.Equal(Ok marks, MarksV1.decode (ReadOnlyMemory(MarksV1.encode marks))))
