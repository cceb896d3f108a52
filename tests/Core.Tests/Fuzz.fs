/// Every decoder against bytes that an attacker might send: an answer always, and memory in proportion to the input.
module Nitro.Core.Tests.Fuzz

open System
open System.Text
open System.Text.Json
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Core.Tests.Vectors

[<Literal>]
let private Inputs = 20_000

/// Bytes allocated per byte of input, and in any case. A list of the smallest items costs most.
let private allowed (length: int) = 200L * int64 length + 16_384L

/// Half of the inputs are valid ones changed once to three times, a quarter are valid, a quarter are noise.
let private fuzz seed (valid: Samples -> byte[]) (decode: byte[] -> unit) =
    let samples = Samples seed
    decode (valid samples)

    for _ in 1..Inputs do
        let input =
            match samples.Below 4 with
            | 0 -> samples.Bytes(32 * samples.Below 20 + samples.Below 2)
            | 1 -> valid samples
            | _ -> Seq.fold (fun bytes _ -> samples.Mutated bytes) (valid samples) [ 0 .. samples.Below 3 ]

        let before = GC.GetAllocatedBytesForCurrentThread()
        decode input
        let allocated = GC.GetAllocatedBytesForCurrentThread() - before
        Assert.True(allocated <= allowed input.Length, $"{allocated} bytes allocated for {Hex.prefixed (ReadOnlySpan input)}")

[<Fact>]
let ``Outcomes: what decodes encodes to the same bytes`` () =
    fuzz 1 (fun samples -> Outcome.encode (samples.Outcome())) (fun input ->
        match Outcome.tryDecode input with
        | ValueSome outcome ->
            Assert.True(input.AsSpan().SequenceEqual(ReadOnlySpan(Outcome.encode outcome)))
            Outcome.totalAllocated outcome |> ignore
        | ValueNone -> ())

[<Fact>]
let ``App data of vouchers: what decodes encodes to the same bytes`` () =
    fuzz 2 (fun samples -> Voucher.appData (samples.Amount()) (samples.Signature())) (fun input ->
        match Voucher.tryAppData input with
        | ValueSome(struct (total, signature)) -> Assert.Equal<byte[]>(input, Voucher.appData total signature)
        | ValueNone -> ())

[<Fact>]
let ``Guarantees, holdings and status words take only their own length`` () =
    fuzz 3 (fun samples -> samples.Bytes(32 * (1 + samples.Below 2))) (fun input ->
        Assert.Equal(input.Length = 64, (Outcome.tryGuaranteeMetadata input).IsSome)
        Assert.Equal(input.Length = 32, (ChainV1.tryHoldings input).IsSome)
        Assert.Equal(input.Length = 32, (ChainV1.tryStatus input).IsSome))

let private signed (samples: Samples) : SignedPart =
    { Part = { (samples.State()).Variable with Turn = uint64 (samples.Below 100) }
      Signatures = samples.List(5, samples.Signature) }

[<Fact>]
let ``Calldata: an outcome or nothing`` () =
    let valid (samples: Samples) =
        let channel = ChannelId(samples.Bytes32())

        match samples.Below 3 with
        | 0 -> ChainV1.concludeAndTransferAllAssets (samples.State()).Fixed (signed samples)
        | 1 -> ChainV1.transferAllAssets channel (samples.Outcome()) (samples.Bytes32())
        | _ -> ChainV1.transfer 0 channel (Outcome.encode (samples.Outcome())) (samples.Bytes32()) [ 0 .. samples.Below 4 ]

    fuzz 4 valid (fun input -> ChainV1.tryOutcomeOfCall input |> ignore)

/// The data of ChallengeRegistered, the only event with offsets in it, is what a challenge's calldata has behind its fixed part.
let private challengeData (samples: Samples) =
    let proof = samples.List(3, fun () -> signed samples)
    let candidate = signed samples
    let size = 3 * Abi.Word + ChainPartsV1.listSize ChainPartsV1.signedSize proof + ChainPartsV1.signedSize candidate
    let writer = AbiWriter size
    writer.UInt64 1_700_000_000UL
    let offsets = writer.Reserve 2
    writer.Here(offsets, 0)
    ChainPartsV1.writeList ChainPartsV1.writeSigned writer proof
    writer.Here(offsets + Abi.Word, 0)
    ChainPartsV1.writeSigned writer candidate
    writer.Buffer, proof, candidate

[<Fact>]
let ``Logs: an event or nothing`` () =
    let topics = Array.ofList ChainV1.topics
    let mutable next = 0

    fuzz 5 (fun samples -> let data, _, _ = challengeData samples in data) (fun input ->
        next <- next + 1
        ChainV1.tryEvent [ topics[next % topics.Length]; Bytes32.zero ] (ReadOnlyMemory input) |> ignore)

[<Fact>]
let ``A registered challenge is read back with its proof`` () =
    let samples = Samples 6
    let topic = ChainNamesV1.topic ChainNamesV1.challengeRegistered

    for _ in 1..500 do
        let data, proof, candidate = challengeData samples
        let channel = samples.Bytes32()
        let wanted = ChallengeRegistered(ChannelId channel, 1_700_000_000UL, proof, candidate)
        Assert.Equal(ValueSome wanted, ChainV1.tryEvent [ topic; channel ] (ReadOnlyMemory data))

let private readAll (element: JsonElement) =
    for key in [ "State"; "Amount"; "Sigs"; "Metadata"; "Destination"; "x" ] do
        Json.amount key element |> ignore
        Json.amountOption key element |> ignore
        Json.uint64 key element |> ignore
        Json.uint32 key element |> ignore
        Json.uint8 key element |> ignore
        Json.boolean key element |> ignore
        Json.string key element |> ignore
        Json.address key element |> ignore
        Json.addresses key element |> ignore
        Json.bytes32 key element |> ignore
        Json.destinationLenient key element |> ignore
        Json.destinationStrict key element |> ignore
        Json.hexAmount key element |> ignore
        Json.signature key element |> ignore
        Json.bytes key element |> ignore
        Json.bytesOption key element |> ignore
        Json.entries key (fun name value -> Ok(name, value.ValueKind)) element |> ignore
        Json.nestedOption key WireText.readState element |> ignore
        WireText.readOutcome key element |> ignore

    Ok()

let private fragments =
    [| "{"; "}"; "["; "]"; ","; ":"; "\""; "null"; "\"\\ud800\""; "\"\\u0041mount\":1,"; "\"amount\":2,"; "1e400"; "-5"; "0.5"
       "99999999999999999999999999999999999999999999999999999999999999999999999999999999"; "\"0x\""; "\\"; "\255"; "[[[[[[[[" |]

[<Fact>]
let ``JSON: a value or an error`` () =
    let valid (samples: Samples) =
        let text =
            WireText.add (samples.Amount(), samples.Bytes32(), samples.Bytes32(), samples.Bytes32()) (samples.Amount())
            |> _.Replace("Target", "Destination").Replace("Left", "Sigs")

        let at = samples.Below text.Length

        match samples.Below 3 with
        | 0 -> Encoding.Latin1.GetBytes(text.Insert(at, fragments[samples.Below fragments.Length]))
        | 1 -> Encoding.UTF8.GetBytes(text.Replace("\"0x", "{\"State\":{\"Outcome\":[{\"Allocations\":[{}]}]},\"Sigs\":{\"0\":\"0x"))
        | _ -> Encoding.UTF8.GetBytes text

    fuzz 7 valid (fun input -> Json.decode (ReadOnlyMemory input) readAll |> ignore)

[<Fact>]
let ``Text of scalars: a value or nothing`` () =
    let alphabet = "0xX123abcDEFg-. \u00e9\ud800\"\\"

    let valid (samples: Samples) =
        if samples.Below 2 = 0 then
            Encoding.UTF8.GetBytes(Hex.prefixed (ReadOnlySpan(samples.Bytes(samples.Below 70))))
        else
            Array.init (samples.Below 140) (fun _ -> byte alphabet[samples.Below 12])

    fuzz 8 valid (fun input ->
        let text = Encoding.Latin1.GetString input
        Text.bytes text |> ignore
        Text.address text |> ignore
        Text.bytes32 text |> ignore
        Text.destinationStrict text |> ignore
        Text.destinationLenient text |> ignore
        Text.signature text |> ignore
        Text.hexAmount text |> ignore
        Text.integer text |> ignore
        ObjectiveId.tryParse text |> ignore
        Text.destinationLenient (text + alphabet) |> ignore)
