namespace Nitro.Simulation

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Wire

/// One node: durable parts (journal, signer's memory, chain adapter's store), and the living process, which does what the
/// shell's turn does: step in memory, append together, publish, and only then release.
[<Sealed>]
type internal Node(ground: Ground, chain: Blockchain, network: Network, settings: Settings) =
    let me = settings.Me
    let journal = Journal ground
    let signer = SignerBox(ground, settings)
    let adapter = ChainAdapter(ground, chain, me)
    let answers = Dictionary<RequestId, Answer>()
    let agenda = ground.Agenda

    // The living process. `number`: 0 while there is none.
    let mutable number = 0
    let mutable published = NodeState.empty
    let mutable clock = 0L
    let mutable isTurning = false
    let mutable wakeAt = Int64.MaxValue
    let outcomes = Queue<Mail>()
    let outside = Queue<Mail>()
    let mutable inHand: Mail list = []
    let calls = HashSet<RequestId>()
    let mutable dispatcher: Dispatcher voption = ValueNone

    let mutable appends = 0
    let groupSize = 64
    let mailboxSize = 1_024
    let trace (what: unit -> string) = if ground.IsTracing then ground.Note(ValueSome me, what)
    let fail text = ground.Fail $"{me}: {text}"

    member _.Settings = settings
    member _.Address = me
    member _.Journal = journal
    member _.Signer = signer
    member _.Chain = adapter
    /// What callers have been told, by request.
    member _.Answers = answers
    /// The newest state whose records are all durable; of a dead process, what a restart begins with.
    member _.State = if number = 0 then journal.State else published
    /// What the last process believed when it died.
    member _.LastPublished = published
    member _.Process = number
    member _.IsAlive = number <> 0
    /// What its clock shows more than the agenda's. Microseconds.
    member val ClockOffset = 0L with get, set
    /// A byzantine node: nothing is checked of it.
    member val IsStranger = false with get, set
    /// Chosen deaths, by the number of the append, beside those of chance.
    member val Fate: int -> CrashPoint voption = (fun _ -> ValueNone) with get, set
    /// Appends so far, the one under way included.
    member _.Appends = appends
    /// Every step, when it was made in memory: the state it met, the event and what came of it.
    member val OnStepped: NodeState -> Envelope -> Step -> unit = (fun _ _ _ -> ()) with get, set
    /// The steps of one append, once they are durable and before anything of them is released.
    member val OnCommitted: Step list -> unit = ignore with get, set
    /// The signer refused something that was still wanted.
    member val OnRefused: Payload -> string -> unit = (fun _ _ -> ()) with get, set
    /// An effect leaves.
    member val OnLeft: EffectId -> Intent -> unit = (fun _ _ -> ()) with get, set
    /// The process died or was stopped; whether the operator or a supervisor has to start it again, and when, is not its business.
    member val OnDied: string -> unit = ignore with get, set

    member private this.Clock() =
        clock <- max clock (agenda.Now + this.ClockOffset)
        Instant clock

    /// Nothing waits to be stepped or stored.
    member _.IsIdle = not isTurning && outcomes.Count + outside.Count = 0
    /// The living process is at work on it; while it is idle, of every promise.
    member _.Has(effect: int64, intent: Intent) = match dispatcher with ValueSome d -> d.Has(effect, intent) | ValueNone -> false

    // Turn

    member private this.Dispatch(state: NodeState, effect, intent) =
        this.OnLeft effect intent
        dispatcher |> ValueOption.iter (fun lanes -> lanes.Start(state, effect, intent))

    member private this.Release(mail: Mail, step: Step) =
        for fact in step.Facts do
            match fact with
            | IntentFinished(EffectId effect, _) -> dispatcher |> ValueOption.iter (fun lanes -> lanes.Drop effect)
            | _ -> ()

        for effect, intent in step.Effects do this.Dispatch(step.State, effect, intent)

        for reply in step.Replies do
            if calls.Remove reply.To then answers[reply.To] <- reply.Answer

        mail.Answered |> ValueOption.iter (fun answered -> answered (ValueSome step.Taking))

    member private this.Append(steps: (Mail * NodeState * Envelope * Step) list) =
        for _, _, envelope, step in steps do
            for fact in step.Facts do journal.Append(envelope.At, fact)

    member private this.Commit(steps: (Mail * NodeState * Envelope * Step) list) =
        this.Append steps

        let isStored = steps |> List.exists (fun (_, _, _, step) -> not step.Facts.IsEmpty)
        let fate = if isStored then this.Fate appends else ValueNone

        if fate = ValueSome AfterAppend || (isStored && ground.Strikes("crash after append", ground.Faults.CrashAfterAppend)) then
            this.Die "crash after append"
        else
            inHand <- []
            isTurning <- false

            for _, _, _, step in steps do published <- step.State
            this.OnCommitted [ for _, _, _, step in steps -> step ]

            for mail, _, _, step in steps do
                // The release of one may end the process: a check stops the world then, nothing else does.
                this.Release(mail, step)

            this.Plan()
            this.Kick()
            if fate = ValueSome AfterRelease then ground.After(0, 30, number, (fun () -> this.Die "crash after release"))

    member private this.Take() : Mail list =
        [ let mutable left = groupSize

          while left > 0 && outcomes.Count + outside.Count > 0 do
              left <- left - 1
              if outcomes.Count > 0 then outcomes.Dequeue() else outside.Dequeue()

          match Engine.nextWake published with
          | ValueSome due when due.Micros <= this.Clock().Micros -> { Event = Ticked; Answered = ValueNone }
          | _ -> () ]

    member private this.Turn() =
        inHand <- this.Take()

        let steps, _ =
            inHand
            |> List.mapFold
                (fun (state: NodeState) mail ->
                    let envelope = { At = this.Clock(); Event = mail.Event }
                    ground.Count "steps"

                    let step =
                        try
                            Engine.step settings state envelope
                        with Contradiction reason -> fail $"contradicts itself at {mail.Event}: {reason}"

                    trace (fun () -> Narration.step envelope.Event step)
                    this.OnStepped state envelope step
                    (mail, state, envelope, step), step.State)
                published

        if steps |> List.forall (fun (_, _, _, step) -> step.Facts.IsEmpty) then this.Commit steps else this.Store steps

    member private this.Store(steps: (Mail * NodeState * Envelope * Step) list) =
        appends <- appends + 1
        let faults = ground.Faults
        let fate = this.Fate appends

        if fate = ValueSome BeforeAppend || ground.Strikes("crash before append", faults.CrashBeforeAppend) then
            this.Die "crash before append"
        elif ground.Strikes("disk full", faults.DiskFull) then
            this.Die "disk full"
        elif fate = ValueSome InAppend || ground.Strikes("torn append", faults.TornAppend) then
            // A step's facts are never split: the journal's port promises as much.
            this.Append(List.truncate (ground.Random.Next steps.Length) steps)
            this.Die "torn append"
        else
            ground.After(1, 15, number, (fun () -> this.Commit steps))

    member private this.Kick() =
        if number <> 0 && not isTurning && outcomes.Count + outside.Count > 0 then
            isTurning <- true
            agenda.After(0L, number, this.Turn)

    /// Sees to it that a tick comes when the core wants one.
    member private this.Plan() =
        match Engine.nextWake published with
        | ValueSome due when due.Micros < wakeAt || wakeAt <= agenda.Now ->
            let wait = max 10_000L (due.Micros - max clock (agenda.Now + this.ClockOffset))
            wakeAt <- agenda.Now + wait

            agenda.After(wait, number, (fun () ->
                if agenda.Now >= wakeAt then
                    wakeAt <- Int64.MaxValue

                    match Engine.nextWake published with
                    | ValueSome due when due.Micros <= this.Clock().Micros && not isTurning ->
                        isTurning <- true
                        this.Turn()
                    | _ -> this.Plan()))
        | _ -> ()

    /// As the host does between two turns, from a draft that may be older; not while one is under way.
    member this.TryOpenEpoch(epoch: int, draft: Draft) : bool =
        let isFree = number <> 0 && not isTurning
        if isFree then published <- journal.OpenEpoch(this.Clock(), EpochDraft.finish epoch draft published)
        isFree

    // What comes in

    member this.Post(mail: Mail, isOutcome: bool) =
        if number <> 0 then
            (if isOutcome then outcomes else outside).Enqueue mail
            this.Kick()

    /// An outcome that nobody waits for.
    member this.Report(event: Event) = this.Post({ Event = event; Answered = ValueNone }, true)

    member private this.Hear(sender: Address, frame: byte[], heard: LinkAnswer -> unit) =
        if number = 0 then
            heard Unreachable
        elif outside.Count >= mailboxSize then
            heard Busy
        else
            match Inbound.receive settings published sender frame with
            | Error offence ->
                this.OnOffence sender offence frame
                heard (Offended offence.Code)
            | Ok message ->
                let answered taking =
                    match taking with
                    | ValueSome Take -> heard Taken
                    | ValueSome(NotNow _) -> heard Busy
                    | ValueSome(Offend offence) ->
                        this.OnOffence sender offence frame
                        heard (Offended offence.Code)
                    | ValueNone -> heard Unreachable

                this.Post({ Event = PeerSaid message; Answered = ValueSome answered }, false)

    member val OnOffence: Address -> Nitro.Node.Offence -> byte[] -> unit = (fun _ _ _ -> ()) with get, set

    member this.See(peer: Address) =
        dispatcher |> ValueOption.iter (fun lanes -> lanes.Wake peer)
        this.Post({ Event = PeerSeen peer; Answered = ValueNone }, false)

    /// A caller's request, which it repeats with the same id until it has an answer.
    member this.Ask(request: RequestId, command: Command) =
        let (RequestId name) = request
        let content = Keccak.hash (Text.Encoding.UTF8.GetBytes name)

        let rec ask () =
            if not (answers.ContainsKey request) then
                if number <> 0 then
                    calls.Add request |> ignore
                    this.Post({ Event = Asked(request, content, command); Answered = ValueNone }, false)

                ground.After(2_000, 8_000, Agenda.World, ask)

        ground.After(0, 5, Agenda.World, ask)

    // Life and death

    /// Nothing of what the process had in memory is left, and nothing that it had scheduled happens.
    member this.Die(how: string) =
        if number <> 0 then
            trace (fun () -> $"DIES: {how}")
            agenda.End number
            number <- 0
            isTurning <- false
            let waiting = inHand @ List.ofSeq outcomes @ List.ofSeq outside
            inHand <- []
            outcomes.Clear()
            outside.Clear()
            calls.Clear()
            dispatcher <- ValueNone
            for mail in waiting do mail.Answered |> ValueOption.iter (fun answered -> answered ValueNone)
            this.OnDied how

    /// The disk is lost, and an older copy of the journal is restored. The signer is elsewhere.
    member this.SetBack(records: int) =
        this.Die "its disk is lost"
        adapter.Lose()
        journal.SetBack(records, this.Clock())

    member this.Start() =
        if number = 0 then
            number <- agenda.Begin()
            published <- journal.State
            clock <- journal.LastAt
            wakeAt <- Int64.MaxValue
            trace (fun () -> $"starts at position {journal.Count}")
            dispatcher <- ValueSome(Dispatcher(ground, number, settings, network, journal, signer, adapter, (fun payload tag -> this.OnRefused payload tag), this.Report))
            network.Listeners[me] <- Listener(fun sender frame heard -> this.Hear(sender, frame, heard))

            adapter.Start(number, ChainReport(fun event answered ->
                let told taking = match taking with ValueSome _ -> answered () | ValueNone -> ()
                this.Post({ Event = event; Answered = ValueSome told }, true)))

            for effect, intent in Engine.resume published do this.Dispatch(published, effect, intent)
            this.Plan()
