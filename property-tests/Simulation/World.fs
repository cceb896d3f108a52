namespace Nitro.Simulation

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Wire
open Nitro.Signer

/// Nodes, network, signers and chain on one queue with one clock and one source of randomness: the same seed, the same run.
type internal SimulatedWorld(seed: int, faults: Faults) =
    let random = Random seed
    let queue = PriorityQueue<unit -> unit, struct (int64 * int64)>()
    let chain = ChainModel()
    let boxes = Dictionary<Address, Box>()
    let signed = Dictionary<struct (Address * ChannelId * TurnNumber), Bytes32>()
    let shown = Dictionary<Address, int64>()
    let mutable now = 1_000_000_000L
    let mutable order = 0L
    let mutable calm = false
    let mutable steps = 0
    let mutable crashes = 0
    let strangers = HashSet<Address>()
    let offences = List<struct (Address * Offence)>()

    let chance percent = not calm && random.Next 100 < percent

    let later (milliseconds: int) action =
        order <- order + 1L
        queue.Enqueue(action, struct (now + int64 milliseconds * 1_000L, order))

    let fail text = invalidOp $"seed {seed}, step {steps}: {text}"
    let replay (box: Box) = box.Journal |> Seq.fold (fun state (struct (at, fact)) -> NodeState.evolve state at fact) NodeState.empty

    /// The same through the journal's bytes.
    let replayBytes (box: Box) =
        box.Journal
        |> Seq.fold
            (fun state (struct (at, fact)) ->
                let struct (name, version, body) = LogV1.encode fact

                match LogV1.decode name version (ReadOnlyMemory body) with
                | Ok read when read = fact -> NodeState.evolve state at read
                | Ok read -> fail $"written as {fact}, read as {read}"
                | Error reason -> fail reason)
            NodeState.empty

    let watch (who: Address) fact =
        match fact with
        | StateSigned(id, turn, hash, party, _) ->
            (match NodeState.channel id boxes[who].State with
             | ValueSome channel when channel.Terms.MyIndex = party ->
                 let slot = struct (who, id, turn)

                 match signed.TryGetValue slot with
                 | true, earlier when earlier <> hash -> fail $"{who} signed two states for turn {turn} of {id}"
                 | _ -> signed[slot] <- hash
             | _ -> ())
        | _ -> ()

    member _.Chain = chain
    member _.Boxes = boxes
    member _.Steps = steps
    member _.Crashes = crashes
    member _.Now = Instant now
    member _.Random = random

    /// Nobody trusts these: their offences are counted, and nothing is checked of them.
    member _.Strangers = strangers
    member _.Offences = offences
    /// Every event with the state that it met, while it is set: see `Laws`.
    member val OnStep: Settings -> NodeState -> Envelope -> Step -> unit = (fun _ _ _ _ -> ()) with get, set

    /// Switches a node off.
    member _.Leave who =
        boxes[who].Absent <- true
        boxes[who].Process <- boxes[who].Process + 1

    member this.Return who =
        boxes[who].Absent <- false
        this.Restart who

    member _.Later(milliseconds, action) = later milliseconds action

    member this.Join(settings: Settings) =
        boxes[settings.Me] <-
            { Settings = settings
              Journal = List()
              Marks = Dictionary()
              State = NodeState.empty
              Process = 0
              Forbids = fun _ -> ValueNone
              Absent = false
              Answers = Dictionary() }

        this.Heartbeat settings.Me

    /// The shell's timer.
    member private this.Heartbeat who =
        later 1_000 (fun () ->
            (match Engine.nextWake boxes[who].State with
             | ValueSome due when due.Micros <= now && not boxes[who].Absent -> this.Feed(who, Ticked) |> ignore
             | _ -> ())

            this.Heartbeat who)

    /// Nothing of what the dead process had in memory is left; the journal and the marks are.
    member this.Restart who =
        let box = boxes[who]
        crashes <- crashes + 1
        box.Process <- box.Process + 1
        let folded = replay box
        if folded <> box.State && not (chance 0) then box.State <- folded
        for effect, intent in Engine.resume box.State do this.Perform(who, box.Process, effect, intent)
        // The chain adapter reads again from the last block seen, and peers notice the reconnection.
        for KeyValue(_, channel) in box.State.Channels.Items |> Seq.toArray do
            if channel.Terms.IsLedger then this.ShowHoldings(who, channel)

        for other in boxes.Keys |> Seq.toArray do
            if other <> who then
                later (random.Next 50) (fun () -> this.Feed(other, PeerSeen who) |> ignore)
                later (random.Next 50) (fun () -> this.Feed(who, PeerSeen other) |> ignore)

    /// After a restart the follower shows the same logs again; the last one is enough here.
    member private this.ShowHoldings(who, channel: Channel) =
        let id = channel.Terms.Id
        let held = chain.Holdings id
        let at = { Height = chain.Height; Index = 0u; BlockHash = Bytes32.ofUInt64 chain.Height }

        if chain.Concluded id then
            later 1 (fun () -> this.Feed(who, ChainShowed(PaidOut(id, 0, Amount.addSaturated held channel.Terms.Total, held), at)) |> ignore)
        elif not held.IsZero then
            later 1 (fun () -> this.Feed(who, ChainShowed(ChainNotice.Deposited(id, channel.Terms.Opening.Asset, held), at)) |> ignore)

    /// One turn of a node's loop: step, append, publish, release. Answers whether the event was taken in.
    member this.Feed(who, event) : Taking = if boxes[who].Absent then NotNow "absent" else this.Turn(who, event)

    member private this.Turn(who, event) : Taking =
        let box = boxes[who]
        steps <- steps + 1
        let envelope = { At = Instant now; Event = event }
        let step = Engine.step box.Settings box.State envelope

        if not (strangers.Contains who) then
            // In large worlds not every step, or the checks take all the time.
            if not step.Facts.IsEmpty && steps % (1 + step.State.OpenCount / 3) = 0 then
                match Invariant.violations box.Settings step.State with
                | [] -> ()
                | found -> fail (sprintf "%O after %A:\n%s\n%A" who event (String.Join("\n", found)) step.Facts)

            this.OnStep box.Settings box.State envelope step

        if not step.Facts.IsEmpty && chance faults.CrashBefore then
            this.Restart who
            NotNow "crashed"
        else
            for fact in step.Facts do box.Journal.Add(struct (Instant now, fact))
            box.State <- step.State
            for fact in step.Facts do watch who fact

            if not step.Facts.IsEmpty && chance faults.CrashAfter then
                this.Restart who
                NotNow "crashed"
            else
                for reply in step.Replies do box.Answers[reply.To] <- reply.Answer
                for effect, intent in step.Effects do this.Perform(who, box.Process, effect, intent)
                step.Taking

    member private this.Alive(who, processNumber) = boxes[who].Process = processNumber

    member private this.Report(who, processNumber, event) =
        if this.Alive(who, processNumber) then this.Feed(who, event) |> ignore

    member private this.Perform(who, processNumber, effect, intent) =
        match intent with
        | SignPayload signing -> this.Sign(who, processNumber, effect, signing, Outgoing.payload boxes[who].State signing)
        | Tell(peer, telling) ->
            (match Outgoing.message boxes[who].Settings boxes[who].State telling with
             | ValueSome message -> this.Send(who, processNumber, effect, peer, PeerV1.encode peer message)
             | ValueNone -> fail $"{who} cannot rebuild the message of {effect}: {telling}")
        | SubmitCall call -> this.Call(who, processNumber, effect, call)

    member private this.Sign(who, processNumber, effect, signing, payload) =
        match payload with
        | ValueNone -> fail $"{who} cannot rebuild the payload of {effect}: {signing}"
        | ValueSome payload ->
            later (1 + random.Next 20) (fun () ->
                if this.Alive(who, processNumber) then
                    let marks = boxes[who].Marks
                    let lookup id = match marks.TryGetValue id with | true, found -> found | _ -> Marks.none

                    let changed, verdict =
                        match boxes[who].Forbids payload with
                        | ValueSome tag -> [], Refuse tag
                        | ValueNone -> Signer.step lookup payload

                    for id, next in changed do marks[id] <- next

                    let verdict =
                        match verdict with
                        | Approve digest -> Signed(FakeCurve.sign who digest)
                        | Refuse tag -> Declined tag

                    if chance faults.Forget then this.Sign(who, processNumber, effect, signing, ValueSome payload)
                    else this.Report(who, processNumber, SignerReplied [ effect, verdict ]))

    /// A frame arrives; the link vouches for its sender.
    member this.Deliver(sender, receiver, frame: byte[]) : Taking =
        match boxes.TryGetValue receiver with
        | true, box when not box.Absent ->
            let taking =
                match Inbound.receive box.Settings box.State sender frame with
                | Ok message -> this.Feed(receiver, PeerSaid message)
                | Error offence -> Offend offence

            (match taking with
             | Offend offence -> offences.Add(struct (sender, offence))
             | Take
             | NotNow _ -> ())

            taking
        | _ -> NotNow "not reachable"

    /// The peer lane: tries until the peer has taken it, or it no longer matters.
    member private this.Send(who, processNumber, effect, peer, frame: byte[]) =
        later (1 + random.Next 30) (fun () ->
            if this.Alive(who, processNumber) && (Outbox.tryFind effect boxes[who].State.Outbox).IsSome then
                let deliver () = this.Deliver(who, peer, frame)

                if chance faults.Repeat then later (random.Next 200) (fun () -> deliver () |> ignore)

                if chance faults.Lose then
                    this.Send(who, processNumber, effect, peer, frame)
                else
                    match deliver () with
                    | Take when chance faults.Forget -> this.Send(who, processNumber, effect, peer, frame)
                    | Take -> later 1 (fun () -> this.Report(who, processNumber, PeerTook effect))
                    | NotNow _ -> later 100 (fun () -> this.Send(who, processNumber, effect, peer, frame))
                    | Offend offence when strangers.Contains who || strangers.Contains peer ->
                        later 1 (fun () -> this.Report(who, processNumber, PeerRefused(effect, offence.Code)))
                    | Offend offence ->
                        fail $"{peer} calls it an offence of {who}: {offence.Code}, {offence.Detail}\n{Text.Encoding.UTF8.GetString frame}")

    /// Each node sees the chain late, by its own delay, but in the chain's order.
    member private this.Show(notice, position) =
        for other in boxes.Keys |> Seq.toArray do
            let earliest = match shown.TryGetValue other with | true, at -> at | _ -> 0L
            let at = max earliest (now + int64 (1 + random.Next 500) * 1_000L)
            shown[other] <- at
            later (int ((at - now) / 1_000L) + 1) (fun () -> this.Feed(other, ChainShowed(notice, position)) |> ignore)

    member private this.Call(who, processNumber, effect, call) =
        later (100 + random.Next 2_000) (fun () ->
            if this.Alive(who, processNumber) then
                let result =
                    match call with
                    | Deposit(id, expected, amount) ->
                        (match NodeState.channel id boxes[who].State with
                         | ValueSome channel -> chain.Deposit(id, channel.Terms.Opening.Asset, expected, amount)
                         | ValueNone -> Error "unknown channel")
                    | ConcludeAndTransfer id ->
                        (match NodeState.channel id boxes[who].State with
                         | ValueSome channel -> chain.Conclude channel
                         | ValueNone -> Error "unknown channel")
                    | ReadHoldings id ->
                        Ok(
                            HoldingsRead(effect, chain.Holdings id),
                            { Height = chain.Height; Index = UInt32.MaxValue; BlockHash = Bytes32.ofUInt64 chain.Height }
                        )

                match call, result with
                | ReadHoldings _, Ok(notice, position) -> this.Report(who, processNumber, ChainShowed(notice, position))
                | _, Ok(notice, position) -> this.Show(notice, position)
                | _, Error reason -> this.Report(who, processNumber, ChainRefused(effect, reason)))

    member this.Gift(id, asset, amount) = this.Show(chain.Gift(id, asset, amount))

    /// The caller repeats its request, with the same id, until it has an answer.
    member this.Ask(who, request, command) =
        let content = Keccak.hash (Text.Encoding.UTF8.GetBytes(sprintf "%A" command))

        let rec ask () =
            if not (boxes[who].Answers.ContainsKey request) then
                this.Feed(who, Asked(request, content, command)) |> ignore
                later 500 ask

        later 1 ask

    member _.Run(seconds: int) =
        let stop = now + int64 seconds * 1_000_000L
        let mutable going = true

        while going do
            match queue.TryPeek() with
            | true, _, struct (at, _) when at <= stop ->
                now <- max now at
                queue.Dequeue () ()
            | _ ->
                now <- stop
                going <- false

    /// Until a condition holds; an error after so many seconds.
    member this.RunUntil(what, seconds: int, condition: unit -> bool) =
        let mutable left = seconds

        while not (condition ()) do
            if left = 0 then fail $"not within {seconds} s: {what}"
            this.Run 1
            left <- left - 1

    /// No more faults from here on.
    member _.Calm() = calm <- true

    member _.CheckReplay() =
        for KeyValue(who, box) in boxes do
            if replay box <> box.State then fail $"replaying the journal of {who} does not give its state"
            if replayBytes box <> box.State then fail $"replaying the written journal of {who} does not give its state"
