namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// Waits that double up to a bound, as the shell's.
[<Sealed>]
type internal Retry(ground: Ground) =
    let mutable failures = 0
    member _.Reset() = failures <- 0

    /// Milliseconds.
    member _.Next() =
        let due = min 5_000 (50 <<< min failures 10)
        failures <- failures + 1
        ground.Random.Between(due / 2, due)

/// What a process has to be signed.
type internal ISignLane =
    abstract Has: effect: int64 -> bool
    abstract Add: effect: int64 * task: SignTask -> unit
    /// Nobody wants it any more.
    abstract Drop: effect: int64 -> unit

/// Hands signing requests over: while one batch is at the signer, the next collects. Of a living process, as all lanes.
[<Sealed>]
type internal SignLane(ground: Ground, owner: int, me: Address, box: SignerBox, refused: Payload -> string -> unit, report: Event -> unit) =
    let collected = SortedDictionary<int64, SignTask>()
    let asked = SortedDictionary<int64, SignTask>()
    let mutable turn = 0
    let patience = 30_000

    let rec ask () =
        turn <- turn + 1
        let mine = turn
        box.Ask(owner, [ for KeyValue(effect, task) in asked -> EffectId effect, task ], answered mine)

        // A signer that is silent for long is asked again for the same.
        ground.After(patience, patience, owner, (fun () -> if turn = mine && asked.Count > 0 then ask ()))

    and submit () =
        if asked.Count = 0 && collected.Count > 0 then
            for KeyValue(effect, task) in collected do asked[effect] <- task
            collected.Clear()
            ask ()

    /// A signature counts only if it is ours over what was asked for, and a refusal only of what was asked last: while the signer
    /// has the request once more before it, it may yet sign. Else the request stays.
    and isOurs mine (EffectId effect, word) =
        match asked.TryGetValue effect, word with
        | (true, task), Final(Signed signature) when FakeCurve.recover.Invoke(Payload.digest task.Payload, signature) = ValueSome me ->
            Some(EffectId effect, Signed signature)
        | (true, task), Final(Declined(tag, _) as declined) when mine = turn ->
            refused task.Payload tag
            Some(EffectId effect, declined)
        | (true, _), (Final _ | Later _)
        | (false, _), _ -> None

    and answered mine (words: (EffectId * SignerWord) list) =
        let known = words |> List.choose (isOurs mine)
        for EffectId effect, _ in known do asked.Remove effect |> ignore
        if not known.IsEmpty then report (SignerReplied known)
        submit ()

    interface ISignLane with
        member _.Has(effect: int64) = collected.ContainsKey effect || asked.ContainsKey effect

        member _.Add(effect: int64, task: SignTask) =
            collected[effect] <- task
            ground.After(0, 1, owner, submit)

        member _.Drop(effect: int64) =
            collected.Remove effect |> ignore
            if asked.Remove effect then ground.After(0, 1, owner, submit)

/// What is to be told to one peer: one frame in flight, in order, again and again until it is taken, refused or dropped.
[<Sealed>]
type internal PeerLane(ground: Ground, owner: int, send: byte[] -> (LinkAnswer -> unit) -> unit, finish: Event -> unit) =
    let frames = SortedDictionary<int64, byte[]>()
    let retry = Retry ground
    let mutable cursor = -1L
    let mutable isSending = false
    let mutable pause = 0

    let next () =
        let mutable found = ValueNone
        let mutable first = ValueNone

        for effect in frames.Keys do
            if first.IsNone then first <- ValueSome effect
            if found.IsNone && effect > cursor then found <- ValueSome effect

        if found.IsSome then found else first

    let rec go () =
        match next () with
        | ValueSome effect when not isSending ->
            isSending <- true
            send frames[effect] (answered effect)
        | _ -> ()

    and rest () =
        pause <- pause + 1
        let mine = pause
        let wait = retry.Next()
        ground.After(wait, wait, owner, (fun () -> if pause = mine then go ()))

    and answered effect answer =
        isSending <- false

        match answer with
        | Taken ->
            retry.Reset()
            if frames.Remove effect then finish (PeerTook(EffectId effect))
            go ()
        | Offended code ->
            retry.Reset()
            if frames.Remove effect then finish (PeerRefused(EffectId effect, code))
            go ()
        | Busy ->
            // The next one may be what the peer waits for before it can take this one.
            cursor <- effect
            rest ()
        | Unreachable ->
            cursor <- -1L
            rest ()

    member _.Has(effect: int64) = frames.ContainsKey effect

    member _.Add(effect: int64, frame: byte[]) =
        let wasEmpty = frames.Count = 0
        frames[effect] <- frame
        if wasEmpty then ground.After(0, 1, owner, go)

    member _.Drop(effect: int64) = frames.Remove effect |> ignore

    /// The peer was seen: try now.
    member _.Wake() =
        pause <- pause + 1
        go ()
