/// The fifteen invariants of the remote-signing reference, section 4.6, over random histories of events.
module Nitro.Core.Tests.Stage.StageLaws

open Xunit
open FsCheck
open FsCheck.FSharp
open Nitro.Stage

type private Event = StageEvent<string>
type private Effect = StageEffect<string>

let private signers = [ "s1"; "s2"; "s3" ]
let private connections = [ "a"; "b"; "c"; "d" ]

/// Ids mostly ascend; some repeat, some go back. Answers are mostly to ids that were given away.
let private history: Gen<Event list> =
    let id = Gen.choose (1, 40) |> Gen.map uint32
    let signer = Gen.elements signers

    let event =
        Gen.frequency
            [ 8, Gen.map3 (fun id connection critical -> Submit(id, connection, critical)) id (Gen.elements connections) (Gen.elements [ true; false ])
              3, Gen.map Attach signer
              2, Gen.map Detach signer
              8, Gen.map3 (fun signer id body -> Reply(signer, id, $"body{body}")) signer id (Gen.choose (0, 99))
              3, Gen.map3 (fun signer id temporary -> Refuse(signer, id, "policy", temporary)) signer id (Gen.elements [ true; false ])
              1, Gen.map ConnectionClosed (Gen.elements connections)
              2, Gen.map (fun now -> Tick(int64 now)) (Gen.choose (0, 900)) ]

    // Submits keep their order but get rising ids, so that many are accepted.
    Gen.listOf event
    |> Gen.map (fun events ->
        events
        |> List.mapFold
            (fun next event ->
                match event with
                | Submit(id, connection, critical) when id > 4u -> Submit(next, connection, critical), next + 1u
                | other -> other, next)
            1u
        |> fst)

let private configs =
    Gen.map2
        (fun (deadline, most) (remembered, perConnection) ->
            { DefaultDeadline = (if deadline = 0 then ValueNone else ValueSome(int64 deadline))
              MaxPending = most
              RememberClosed = remembered
              PerConnection = perConnection })
        (Gen.zip (Gen.elements [ 0; 50; 300 ]) (Gen.elements [ 2; 5; 1_024 ]))
        (Gen.zip (Gen.elements [ 1; 3; 1_024 ]) (Gen.elements [ 1; 1; 3 ]))

/// Each event with the state it met, the state after it, and its effects.
let private run config (events: Event list) =
    events
    |> List.mapFold
        (fun before event ->
            let after, effects = Stage.step before event
            (before, event, after, (effects: Effect list)), after)
        (Stage.empty config)
    |> fst

let private check (law: StageConfig -> (StageState * Event * StageState * Effect list) list -> bool) =
    let cases = Gen.zip configs history
    Check.One(Config.QuickThrowOnFailure.WithMaxTest(400).WithEndSize(120), Prop.forAll (Arb.fromGen cases) (fun (config, events) -> law config (run config events)))

let private endings effects =
    effects
    |> List.choose (fun (effect: Effect) ->
        match effect with
        | Complete(id, _, _)
        | Fail(id, _, _)
        | Cancelled id -> Some id
        | Deliver _
        | RejectSubmit _
        | Acknowledge _ -> None)

let private isAccepted (event: Event) (effects: Effect list) =
    match event with
    | Submit _ -> not (effects |> List.exists (function RejectSubmit _ -> true | _ -> false))
    | _ -> false

let private acks effects = effects |> List.filter (fun (effect: Effect) -> match effect with Acknowledge _ -> true | _ -> false)

[<Fact>]
let ``1: every accepted request ends at most once, is pending until then, and a rejected one never ends`` () =
    check (fun _ steps ->
        let accepted = [ for _, event, _, effects in steps do if isAccepted event effects then (match event with Submit(id, _, _) -> id | _ -> 0u) ]
        let ended = steps |> List.collect (fun (_, _, _, effects) -> endings effects)
        let pending = match List.tryLast steps with Some(_, _, last, _) -> [ for pair in last.Pending -> pair.Key ] | None -> []
        List.sort (ended @ pending) = List.sort accepted && List.distinct ended = ended)

[<Fact>]
let ``2: what comes after an ending is only acknowledged`` () =
    check (fun _ steps ->
        steps
        |> List.forall (fun (before, event, after, effects) ->
            match event with
            | Reply(_, id, _)
            | Refuse(_, id, _, _) when not (before.Pending.ContainsKey id) -> after = before && acks effects = effects && effects.Length = 1
            | _ -> true))

[<Fact>]
let ``3 and 14: an answer goes to who asked, as the first signer gave it, and to nobody else`` () =
    check (fun _ steps ->
        let owner = dict [ for _, event, _, effects in steps do if isAccepted event effects then (match event with Submit(id, connection, _) -> id, connection | _ -> 0u, "") ]

        steps
        |> List.forall (fun (_, event, _, effects) ->
            effects
            |> List.forall (fun effect ->
                match effect, event with
                | Complete(id, connection, body), Reply(_, answered, given) -> id = answered && body = given && owner[id] = connection
                | Complete _, _ -> false
                | Fail(id, connection, _), _ -> owner[id] = connection
                | _ -> true)))

[<Fact>]
let ``4: every answer is acknowledged once, to its sender, and nothing else is`` () =
    check (fun _ steps ->
        steps
        |> List.forall (fun (_, event, _, effects) ->
            match event, acks effects with
            | (Reply(signer, id, _) | Refuse(signer, id, _, _)), [ Acknowledge(to', about, _) ] -> to' = signer && about = id
            | (Reply _ | Refuse _), _ -> false
            | _, found -> found.IsEmpty))

[<Fact>]
let ``5 and 6: deliveries are of pending requests to attached signers; an attached signer gets all, ascending`` () =
    check (fun _ steps ->
        steps
        |> List.forall (fun (before, event, after, effects) ->
            let delivered = effects |> List.choose (function Deliver(signer, id) -> Some(signer, id) | _ -> None)
            let isSound = delivered |> List.forall (fun (signer, id) -> List.contains signer after.Signers && after.Pending.ContainsKey id)

            match event with
            | Attach signer -> isSound && delivered = [ for pair in before.Pending -> signer, pair.Key ]
            | Submit(id, _, _) when isAccepted event effects -> isSound && delivered = [ for signer in before.Signers -> signer, id ]
            | _ -> delivered.IsEmpty))

[<Fact>]
let ``7 and 8: between two attaches a signer gets ascending ids, and never lacks a pending one`` () =
    check (fun _ steps ->
        signers
        |> List.forall (fun who ->
            let folder (isFine, live: StageId list) (_, event: Event, after: StageState, effects: Effect list) =
                let mine = effects |> List.choose (function Deliver(signer, id) when signer = who -> Some id | _ -> None)
                let live = match event with Attach signer when signer = who -> mine | _ -> live @ mine
                let lacks = List.contains who after.Signers && after.Pending.Keys |> Seq.exists (fun id -> not (List.contains id live))
                isFine && List.sort (List.distinct live) = live && not lacks, live

            fst (List.fold folder (true, []) steps)))

[<Fact>]
let ``9 and 10: bounds hold, pending and ended are apart, counts are right`` () =
    check (fun config steps ->
        steps
        |> List.forall (fun (_, _, state, _) ->
            let perConnection = state.Pending.Values |> Seq.countBy (fun request -> request.Connection) |> List.ofSeq

            Seq.length state.Pending <= config.MaxPending
            && state.PendingCount = Seq.length state.Pending
            && state.ClosedCount <= config.RememberClosed
            && Set.ofList state.Closed.Items = state.ClosedIds
            && state.Closed.Items.Length = state.ClosedCount
            && state.Pending.Keys |> Seq.forall (fun id -> not (state.ClosedIds.Contains id))
            && perConnection |> List.forall (fun (connection, count) -> count <= config.PerConnection && Nitro.Kernel.Table.tryFind connection state.PerConnection = ValueSome count)
            && Nitro.Kernel.Table.count state.PerConnection = perConnection.Length))

[<Fact>]
let ``9: with one request at a time a connection's answers come in the order of its questions`` () =
    check (fun config steps ->
        let order choose = steps |> List.collect (fun (_, event, _, effects) -> choose event effects)
        let asked = order (fun event effects -> match event with Submit(id, connection, _) when isAccepted event effects -> [ connection, id ] | _ -> [])
        let done' = order (fun _ effects -> effects |> List.choose (function Complete(id, connection, _) -> Some(connection, id) | _ -> None))

        config.PerConnection > 1
        || connections
           |> List.forall (fun connection ->
               let of' pairs = pairs |> List.filter (fun (who, _) -> who = connection) |> List.map snd
               let completed = of' done'
               of' asked |> List.filter (fun id -> List.contains id completed) = completed))

[<Fact>]
let ``11: one signer that stays and answers all leaves nothing pending`` () =
    check (fun config steps ->
        let last = match List.tryLast steps with Some(_, _, state, _) -> state | None -> Stage.empty config
        let attached, deliveries = Stage.step last (Attach "diligent": Event)

        let emptied =
            deliveries
            |> List.choose (function Deliver("diligent", id) -> Some id | _ -> None)
            |> List.fold (fun state id -> fst (Stage.step state (Reply("diligent", id, "yes"): Event))) attached

        emptied.Pending.IsEmpty)

[<Fact>]
let ``12: the same events give the same states and effects`` () =
    check (fun config steps -> run config [ for _, event, _, _ in steps -> event ] = steps)

[<Fact>]
let ``13: time never goes back, and a deadline strikes at the first tick that reaches it`` () =
    check (fun _ steps ->
        steps
        |> List.forall (fun (before, event, after, effects) ->
            let failed = effects |> List.choose (function Fail(id, _, DeadlinePassed) -> Some id | _ -> None)

            match event with
            | Tick now ->
                let overdue = [ for pair in before.Pending do if pair.Value.Deadline |> ValueOption.exists (fun at -> at <= max now before.Now) then pair.Key ]
                after.Now = max now before.Now && failed = overdue
            | _ -> after.Now = before.Now && failed.IsEmpty))

[<Fact>]
let ``15: whichever signer is heard first, as many requests are completed`` () =
    let answers = [ for signer in signers do for id in 1u .. 3u -> signer, id ]

    let completions order =
        let asked = [ for id in 1u .. 3u -> Submit(id, $"c{id}", false) ]
        let replies = order |> List.map (fun (signer, id) -> Reply(signer, id, $"{signer}-{id}"))
        run { DefaultDeadline = ValueNone; MaxPending = 9; RememberClosed = 9; PerConnection = 1 } (List.map Attach signers @ asked @ replies)
        |> List.collect (fun (_, _, _, effects) -> endings effects)
        |> List.sort

    Check.One(
        Config.QuickThrowOnFailure.WithMaxTest 200,
        Prop.forAll (Arb.fromGen (Gen.shuffle answers)) (fun order -> completions (List.ofArray order) = [ 1u; 2u; 3u ])
    )
