/// Files signing/nitro-policy and signing/velocity: the real decision and the real limiter, case by case.
module Nitro.Core.Tests.Signer.PolicyVectors

open System
open System.Text.Json
open Xunit
open Nitro.Kernel
open Nitro.Signer.Policy
open Nitro.Core.Tests.Vectors
open Nitro.Core.Tests.Vectors.Sample

let private file = "signing/nitro-policy"

/// No vector shows a signature.
let private powers: Powers =
    { Recover = Recover(fun _ _ -> ValueNone)
      Attests = fun _ _ -> false }

/// What a vector names of a channel, and nothing that only our state has.
let private named (channel: SignerChannel) =
    {| Signed = channel.Marks.Signed
       Highest = SignerChannel.highest channel
       PeerTurns = channel.PeerTurns
       Last = channel.Last
       CloseApproved = channel.CloseApproved
       Approved = channel.Allowances |> List.map (fun allowance -> allowance.Asset, allowance.Amount)
       Deposits = channel.Deposits |> Map.map (fun _ signed -> signed.Amount)
       Observed = channel.Sighting |> ValueOption.map _.Holdings
       Voucher = channel.Marks.VoucherTotal
       Shares = channel.Shares
       Opening = channel.Opening
       Kind = channel.Kind |}

let private verdict decision =
    match decision with
    | Allow(_, true, []) -> "allow", "idempotent-resign"
    | Allow(_, _, []) -> "allow", ""
    | Allow(_, _, warned) -> failwith $"warned of {warned}"
    | Deny tag -> "deny", tag
    | Retry tag -> "retry", tag

let private expectedVerdict vector =
    let element = get "verdict" vector
    text "decision" element, (get "policy" element).ToString()

let private run vector =
    let state = get "state" vector
    let before = PolicyLabels.state state

    let envelope =
        { Now = PolicyLabels.now
          Anchor = ValueNone
          Request = PolicyLabels.request state (get "request" vector) }

    let decision, after = Decide.decide powers (PolicyLabels.config (get "config" vector)) before envelope
    before, decision, after

let private keepsLabels vector =
    let labels name =
        [ for channel in (get "channels" (get name vector)).EnumerateObject() do
              for turn in (get "signed" channel.Value).EnumerateObject() -> channel.Name, turn.Name, turn.Value.GetString() ]

    Set.isSubset (Set.ofList (labels "state")) (Set.ofList (labels "stateAfter"))

[<VectorTheory; Vectors("signing/nitro-policy")>]
let ``The signer decides as the vector says, and remembers what it names`` (index: int) (_: string) =
    let vector = (VectorFiles.vectors file)[index]
    let before, decision, after = run vector
    Assert.Equal<string * string>(expectedVerdict vector, verdict decision)
    let expected = PolicyLabels.state (get "stateAfter" vector)
    Assert.Equal<ChannelId list>(Map.keys expected.Channels |> List.ofSeq, Map.keys after.Channels |> List.ofSeq)

    // A label means one hash in a vector: what was signed before keeps the value it was given there.
    Assert.True(keepsLabels vector)

    for KeyValue(id, channel) in expected.Channels do
        let signed = before.Channels[id].Marks.Signed |> Map.fold (fun (signed: Map<_, _>) turn hash -> signed.Add(turn, hash)) channel.Marks.Signed
        Assert.Equal(named { channel with Marks = { channel.Marks with Signed = signed } }, named after.Channels[id])

    match decision with
    | Deny _
    | Retry _ -> Assert.Equal(before, after)
    | Allow(digest, _, _) -> Assert.True digest.IsSome

[<Fact>]
let ``No policy vector is passed over`` () =
    let vectors = VectorFiles.vectors file
    let ran = vectors |> Array.map (fun vector -> let _, decision, _ = run vector in verdict decision = expectedVerdict vector)
    Assert.Equal(vectors.Length, ran |> Array.filter id |> Array.length)

    // Of the file that comes with this repository.
    if isNull (Environment.GetEnvironmentVariable "NITRO_VECTORS") then Assert.Equal(47, vectors.Length)

let private step (window: Window) spent (element: JsonElement) =
    let struct (fits, after) = Velocity.insert window (Int64.Parse(digits "now" element)) (amount "amount" element) spent
    Assert.Equal(flag "ok" element, fits)
    Assert.Equal(amount "sum" element, Velocity.sum after)
    Assert.Equal<Amount list>(list "buckets" (fun item -> toAmount (item.ToString())) element, after.Amounts)
    Assert.Equal(Int64.Parse(digits "start" element), after.Start)
    after

[<VectorTheory; Vectors("signing/velocity")>]
let ``The limiter's buckets are the vector's, step by step`` (index: int) (_: string) =
    let vector = (VectorFiles.vectors "signing/velocity")[index]

    let window =
        { Limit = amount "limit" vector
          Seconds = Int64.Parse(digits "interval" vector)
          Buckets = number "buckets" vector }

    let steps = (get "steps" vector).EnumerateArray() |> List.ofSeq
    let first = { Velocity.none window with Start = 0L }
    Assert.NotEmpty steps
    steps |> List.fold (step window) first |> ignore
