/// File signing/stage-traces: what the stage does event by event; and where Greenlight's own stage does otherwise, that ours does not.
module Nitro.Core.Tests.Stage.StageVectors

open System
open System.Text.Json
open Xunit
open Nitro.Stage
open Nitro.Core.Tests.Vectors
open Nitro.Core.Tests.Vectors.Sample

let private file = "signing/stage-traces"
let private trace index = (VectorFiles.vectors file)[index]
let private id element = StageId.Parse(digits "id" element)
let private signer element : SignerName = text "signer" element

let private config trace =
    let given = get "config" trace

    let ofGiven name fallback = if has name given then number name given else fallback

    { DefaultDeadline =
        if has "deadlineMs" given && (get "deadlineMs" given).ValueKind = JsonValueKind.Number then
            ValueSome(Int64.Parse(digits "deadlineMs" given))
        else
            ValueNone
      MaxPending = ofGiven "maxPending" 1_024
      RememberClosed = ofGiven "rememberClosed" 1_024
      PerConnection = 1 }

let private event element : StageEvent<string> =
    match text "event" element with
    | "submit" -> Submit(id element, text "conn" element, false)
    | "attach" -> Attach(signer element)
    | "detach" -> Detach(signer element)
    | "reply" -> Reply(signer element, id element, text "body" element)
    | "refuse" -> Refuse(signer element, id element, text "reason" element, flag "temporary" element)
    | "connClosed" -> ConnectionClosed(text "conn" element)
    | "tick" -> Tick(Int64.Parse(digits "now" element))
    | other -> failwith $"the vector has an event '{other}'"

let private rejection word =
    match word with
    | "id-not-increasing" -> IdNotIncreasing
    | "connection-busy" -> ConnectionBusy
    | "overloaded" -> Overloaded
    | other -> failwith $"the vector rejects with '{other}'"

let private failure element =
    match text "reason" element with
    | "refused" -> RefusedBySigner(text "detail" element)
    | "deadline" -> DeadlinePassed
    | other -> failwith $"the vector fails with '{other}'"

let private status word =
    match word with
    | "accepted" -> Accepted
    | "duplicate" -> Duplicate
    | "unknown" -> Unknown
    | "retained" -> Retained
    | other -> failwith $"the vector acknowledges with '{other}'"

let private effect element : StageEffect<string> =
    match text "effect" element with
    | "deliver" -> Deliver(signer element, id element)
    | "rejectSubmit" -> RejectSubmit(id element, rejection (text "reason" element))
    | "complete" -> Complete(id element, text "conn" element, text "body" element)
    | "fail" -> Fail(id element, text "conn" element, failure element)
    | "cancelled" -> Cancelled(id element)
    | "ack" -> Acknowledge(signer element, id element, status (text "status" element))
    | other -> failwith $"the vector has an effect '{other}'"

let private run trace =
    list "events" event trace
    |> List.mapFold
        (fun state event ->
            let next, effects = Stage.step state event
            effects, next)
        (Stage.empty (config trace))

[<VectorTheory; Vectors("signing/stage-traces")>]
let ``Vector: the stage's transitions`` (index: int, _label: string) =
    let trace = trace index
    let effects, final = run trace

    match text "model" trace with
    | "recommended" ->
        Assert.Equal<StageEffect<string> list list>(list "effects" (fun step -> step.EnumerateArray() |> Seq.map effect |> List.ofSeq) trace, effects)
        Assert.Equal<StageId list>(get "final" trace |> list "pending" (fun item -> StageId.Parse(item.ToString())), [ for pair in final.Pending -> pair.Key ])
        Assert.Equal<SignerName list>(get "final" trace |> list "signers" (fun item -> item.ToString()), final.Signers)
    | "greenlight" ->
        // Greenlight's stage lets a request outlive its asker and gives an id away twice; ours says so instead.
        let delivered = list "effects" (fun step -> step.EnumerateArray() |> Seq.filter (fun e -> text "effect" e = "complete") |> List.ofSeq) trace
        let completed = effects |> List.concat |> List.choose (function Complete(id, connection, body) -> Some(id, connection, body) | _ -> None)

        match text "id" trace with
        | "gl-conn-closed-leaks" ->
            Assert.Equal<StageEffect<string> list>([ Cancelled 1000u ], effects[2])
            Assert.Empty completed
        | "gl-id-overwrite" ->
            Assert.Equal<StageEffect<string> list>([ RejectSubmit(1000u, IdNotIncreasing) ], effects[1])
            Assert.Equal<(StageId * Connection * string) list>([ 1000u, "a", "0a" ], completed)
        | _ -> Assert.Equal<(StageId * Connection * string) list>([ for e in List.concat delivered -> id e, text "conn" e, text "body" e ], completed)
    | other -> failwith $"the vector is of a model '{other}'"
