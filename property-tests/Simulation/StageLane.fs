namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Stage

/// The newest copy of a request that one attachment was given.
type internal StagedCopy =
    { Delivery: int64
      Given: int64
      /// What the signer refused for good, by item.
      Tags: string voption[] }

/// A request on the stage: some tasks of one lane.
[<Sealed>]
type internal StagedTasks(id: StageId, lane: ChannelId, tasks: (EffectId * SignTask)[]) =
    member _.Id = id
    member _.Lane = lane
    member _.Tasks = tasks
    member val Results: SignerVerdict voption[] = Array.create tasks.Length ValueNone
    member val Copies = Dictionary<SignerName, StagedCopy>()
    member val Told = 0 with get, set
    member val IsEnded = false with get, set
    member val Retries = 0 with get, set
    member this.IsDecided = this.Results |> Array.forall _.IsSome
    member this.HasRefusals = this.Copies.Values |> Seq.exists (fun copy -> copy.Tags |> Array.exists _.IsSome)

    /// As the node's host: a signature is final whichever copy it answers; a refusal counts only of the newest, and only once every
    /// attached signer has refused its own. Whether the newest copy is to be asked for again later.
    member this.Take(name: SignerName, delivery: int64, words: SignerWord[]) =
        let newest =
            match this.Copies.TryGetValue name with
            | true, copy when copy.Delivery = delivery -> ValueSome copy
            | _ -> ValueNone

        let mutable isLater = false

        for i in 0 .. tasks.Length - 1 do
            match words[i], newest with
            | Final(Signed _ as signed), _ -> if this.Results[i].IsNone then this.Results[i] <- ValueSome signed
            | Later _, ValueSome _ -> isLater <- isLater || this.Results[i].IsNone
            | Final(Declined(tag, _) as declined), ValueSome copy ->
                copy.Tags[i] <- ValueSome tag

                if this.Results[i].IsNone && this.Copies.Values |> Seq.forall (fun each -> each.Tags[i].IsSome) then
                    this.Results[i] <- ValueSome declined
            | (Later _ | Final(Declined _)), ValueNone -> ()

        isLater

/// The path of a signing request as the shell has it: the pure stage, attachments that come and go, and behind them one signer that dies and
/// comes back. Of a living process, as all lanes; its chance is a stream of its own.
[<Sealed>]
type internal StageLane(ground: Ground, owner: int, me: Address, box: SignerBox, refused: Payload -> string -> unit, report: Event -> unit) =
    let chance = Prng(ground.Seed ^^^ 0x5374_6167_6500UL ^^^ (uint64 owner <<< 32) ^^^ uint64 me.Low ^^^ me.Middle)
    let agenda = ground.Agenda
    let perLane = 64
    let patience = 30_000
    let collected = SortedDictionary<int64, SignTask>()
    let known = HashSet<int64>()
    let pending = SortedDictionary<StageId, StagedTasks>()
    let lanes = Dictionary<ChannelId, Queue<StagedTasks>>()
    let attached = Dictionary<SignerName, int64>()
    let mutable stage = Stage.empty { DefaultDeadline = ValueNone; MaxPending = 65_536; RememberClosed = 64; PerConnection = perLane }
    let mutable nextId: StageId = 1_000u + uint32 (chance.Next 1_000_000)
    let mutable names = 0
    let mutable deliveries = 0L
    let after least most action = agenda.After(int64 (chance.Between(least, most)) * 1_000L + int64 (chance.Next 1_000), owner, action)

    let strikes what permille =
        let does = chance.Chance permille
        if does then ground.Count what
        does

    let isOurs (task: SignTask) word =
        match word with
        | Final(Signed signature) -> FakeCurve.recover.Invoke(Payload.digest task.Payload, signature) = ValueSome me
        | Final(Declined _)
        | Later _ -> true

    let laneOf (task: SignTask) =
        match task.Payload with
        | StatePayload(fixedPart, _) -> FixedPart.channelId fixedPart
        | VoucherPayload voucher -> voucher.Channel

    /// In the order of the lane, up to the first that is not decided.
    let tell lane =
        let told = List<EffectId * SignerVerdict>()

        match lanes.TryGetValue lane with
        | true, waiting ->
            let mutable goesOn = true

            while goesOn && waiting.Count > 0 do
                let first = waiting.Peek()

                while first.Told < first.Tasks.Length && first.Results[first.Told].IsSome do
                    let EffectId effect, task = first.Tasks[first.Told]
                    let result = first.Results[first.Told].Value
                    first.Told <- first.Told + 1

                    if known.Remove effect then
                        (match result with Declined(tag, _) -> refused task.Payload tag | Signed _ -> ())
                        told.Add(EffectId effect, result)

                if first.IsEnded then waiting.Dequeue() |> ignore else goesOn <- false
        | _ -> ()

        if told.Count > 0 then report (SignerReplied(List.ofSeq told))

    let ended id =
        match pending.TryGetValue id with
        | true, request ->
            request.IsEnded <- true
            pending.Remove id |> ignore
            tell request.Lane
        | _ -> ()

    let rec perform event =
        let next, effects = Stage.step stage event
        stage <- next

        for effect in effects do
            match effect with
            | Deliver(name, id) -> deliver name pending[id]
            | RejectSubmit(id, reason) -> ground.Fail $"{me}: the stage rejects request {id}: {reason}"
            | Complete(id, _, ())
            | Fail(id, _, _)
            | Cancelled id -> ended id
            | Acknowledge(_, _, ack) -> ground.Count $"stage: {ack}"

    /// Copies arrive at the signer in the order in which they were given to one attachment.
    and deliver name (request: StagedTasks) =
        match attached.TryGetValue name with
        | true, before ->
            deliveries <- deliveries + 1L
            let delivery = deliveries
            request.Copies[name] <- { Delivery = delivery; Given = agenda.Now; Tags = Array.create request.Tasks.Length ValueNone }
            let arrival = max before (agenda.Now + int64 (chance.Between(100, 5_000)))
            attached[name] <- arrival + 1L
            // What a lost attachment brought is not judged any more.
            agenda.After(arrival - agenda.Now, owner, (fun () -> if attached.ContainsKey name then judge name delivery request))
        | _ -> ()

    and judge name delivery (request: StagedTasks) =
        if strikes "signer killed before its memory is durable" (ground.Faults.SignerAway / 2) then
            killed ()
        else
            let delay =
                if strikes "signer away" ground.Faults.SignerAway then chance.Between(1_000, 300_000)
                elif strikes "signer slow" ground.Faults.SignerSlow then chance.Between(1_000, 40_000)
                else chance.Between(1, 12)

            let isLate () = request.IsEnded || not (agenda.IsAlive owner)

            box.Judge(delay, strikes, List.ofArray request.Tasks, (fun () -> attached.ContainsKey name), isLate, (fun words ->
                if strikes "signer killed before its answer" (ground.Faults.SignerAway / 2) then
                    killed ()
                else
                    let words = words |> List.map snd |> Array.ofList
                    after 0 4 (fun () -> answered name delivery request words)
                    if strikes "signer answers twice" ground.Faults.SignerTwice then after 0 2_000 (fun () -> answered name delivery request words)))

    and answered name delivery (request: StagedTasks) words =
        let isAnswer = Array.forall2 (fun (_, task) word -> isOurs task word) request.Tasks words

        if not isAnswer then
            ground.Count "stage: wrong answers"
        elif request.IsEnded then
            // Late: it is acknowledged and changes nothing.
            let before = stage
            perform (Reply(name, request.Id, ()))
            if stage <> before then ground.Fail $"{me}: a late answer to {request.Id} changed the stage"
        else
            let isLater = request.Take(name, delivery, words)

            if request.IsDecided then
                perform (Reply(name, request.Id, ()))
            else
                perform (Refuse(name, request.Id, "", true))
                tell request.Lane

                if isLater then
                    request.Retries <- request.Retries + 1
                    let wait = min 30_000 (500 <<< min request.Retries 8)

                    after (wait * 3 / 4) (wait * 5 / 4) (fun () ->
                        match request.Copies.TryGetValue name with
                        | true, copy when copy.Delivery = delivery && not request.IsEnded -> deliver name request
                        | _ -> ())

    and detach name =
        if attached.Remove name then
            perform (Detach name)

            // The lost one may have signed: those that refused judge once more, behind that.
            for request in List.ofSeq pending.Values do
                if request.Copies.Remove name && request.HasRefusals then
                    for other in List.ofSeq request.Copies.Keys do deliver other request

    and attach () =
        names <- names + 1
        let name = string names
        attached[name] <- agenda.Now
        perform (Attach name)
        let most = if ground.Faults.SignerSlow + ground.Faults.SignerAway > 0 then 120_000 else 100_000_000
        after (most / 12) most (fun () -> if attached.ContainsKey name then lost name)

    /// The link is cut; the signer comes back by itself.
    and lost name =
        if ground.Faults.SignerSlow + ground.Faults.SignerAway > 0 then
            ground.Count "stage: links cut"
            detach name
            after 100 3_000 attach

    /// With the process all its links go.
    and killed () =
        let gone = List.ofSeq attached.Keys
        for name in gone do detach name
        for _ in gone do after 300 5_000 attach

    let submit () =
        for lane, tasks in [ for KeyValue(effect, task) in collected -> EffectId effect, task ] |> List.groupBy (snd >> laneOf) do
            let waiting =
                match lanes.TryGetValue lane with
                | true, waiting -> waiting
                | _ ->
                    let fresh = Queue<StagedTasks>()
                    lanes[lane] <- fresh
                    fresh

            if waiting |> Seq.filter (fun request -> not request.IsEnded) |> Seq.length < perLane then
                for EffectId effect, _ in tasks do collected.Remove effect |> ignore
                let request = StagedTasks(nextId, lane, Array.ofList tasks)
                nextId <- nextId + 1u
                pending[request.Id] <- request
                waiting.Enqueue request
                perform (Submit(request.Id, lane.ToString(), false))

    let rec remind () =
        perform (Tick((agenda.Now) / 1_000L))
        submit ()

        for request in List.ofSeq pending.Values do
            for KeyValue(name, copy) in List.ofSeq request.Copies do
                if agenda.Now - copy.Given > int64 patience * 1_000L then deliver name request

        after 5_000 6_000 remind

    do
        after 0 500 attach
        if chance.Next 3 = 0 then after 0 20_000 attach
        after 5_000 6_000 remind

    interface ISignLane with
        member _.Has(effect: int64) = known.Contains effect

        member _.Add(effect: int64, task: SignTask) =
            if known.Add effect then
                collected[effect] <- task
                after 0 1 submit

        member _.Drop(effect: int64) =
            collected.Remove effect |> ignore
            known.Remove effect |> ignore
