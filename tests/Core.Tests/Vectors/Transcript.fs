namespace Nitro.Core.Tests.Vectors

open System.Collections.Generic
open System.Text
open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Wire
open Nitro.Core.Tests.Vectors.Sample

/// What a node did from one trigger until it came to rest.
type internal Doings =
    { /// Receiver and line, in the order of sending.
      Messages: (Address * string) list
      Calls: ChainCall list
      Taking: Taking
      Answers: Answer list }

/// One node of a transcript: the engine with a signer, a link and a chain adapter that answer at once.
type internal TranscriptNode(settings: Settings, sign: Bytes32 -> Signature) =
    let facts = List<Fact>()
    let mutable state = NodeState.empty
    let now = Instant 1_700_000_000_000_000L

    let step event =
        let step = Engine.step settings state { At = now; Event = event }
        facts.AddRange step.Facts
        state <- step.State
        step

    /// The answer of the world to an effect, if it answers at once.
    let release (messages: List<Address * string>) (calls: List<ChainCall>) (effect, intent) =
        match intent with
        | SignPayload signing ->
            let payload = Outgoing.payload state signing |> ofText $"promise: {signing} has no payload"
            Some(SignerReplied [ effect, Signed(sign (Payload.digest payload)) ])
        | Tell(peer, telling) ->
            let message = Outgoing.message settings state telling |> ofText $"promise: {telling} has no message"
            messages.Add(peer, Encoding.UTF8.GetString(PeerV1.encode peer message))
            Some(PeerTook effect)
        | SubmitCall call ->
            // What the chain shows is a trigger of its own in the transcript.
            calls.Add call
            None

    member _.Settings = settings
    member _.State = state

    /// Feeds one trigger, then every answer to every effect, until there is nothing left to answer.
    member _.Feed(trigger: Event) : Doings =
        let messages, calls, answers = List(), List(), List()
        let queue = Queue [ trigger ]
        let mutable taking = ValueNone

        while queue.Count > 0 do
            let step = step (queue.Dequeue())
            if taking.IsNone then taking <- ValueSome step.Taking
            answers.AddRange(step.Replies |> Seq.map _.Answer)
            step.Effects |> List.choose (release messages calls) |> List.iter queue.Enqueue

        { Messages = List.ofSeq messages
          Calls = List.ofSeq calls
          Taking = ValueOption.defaultValue Take taking
          Answers = List.ofSeq answers }

    /// A line from another node, through the same verification as any.
    member this.Receive(sender, line: string) : Doings =
        match Inbound.receive settings state sender (WireText.memory line) with
        | Ok message -> this.Feed(PeerSaid message)
        | Error offence ->
            { Messages = []
              Calls = []
              Taking = Offend offence
              Answers = [] }

    member _.Objective id = NodeState.objective id state
    member _.Channel id = NodeState.channel id state |> ofText $"transcript: {id} is not known here"
    member _.Label record = Views.label settings state record

    /// The journal alone gives the same node.
    member _.Replayed = facts |> Seq.fold (fun state fact -> NodeState.evolve state now fact) NodeState.empty

/// One step of a transcript, as the vector tells it.
type internal Told =
    { Node: string
      Trigger: string
      Objective: ObjectiveId voption
      WaitingFor: string voption
      /// Receiver's name and line.
      Messages: (string * string) list
      Transactions: JsonElement list
      Completed: bool
      Status: string voption }

module internal Transcript =
    let private textOr name (element: JsonElement) =
        match element.TryGetProperty(name: string) with
        | true, value when value.ValueKind = JsonValueKind.String -> ValueSome(string (value.GetString()))
        | _ -> ValueNone

    let private toTold (element: JsonElement) : Told =
        { Node = text "node" element
          Trigger = text "trigger" element
          Objective = textOr "objective" element |> ValueOption.bind ObjectiveId.tryParse
          WaitingFor = textOr "waitingFor" element
          Messages = list "messages" (fun message -> text "to" message, text "json" message) element
          Transactions = if has "transactions" element then list "transactions" id element else []
          Completed = has "completed" element && flag "completed" element
          Status = textOr "status" element }

    let steps expected : Told list = list "steps" toTold expected

    /// The state in a line that carries exactly one.
    let stateIn (line: string) =
        match PeerV1.decode (WireText.memory line) with
        | Ok { Items = [ RawStateItem(_, fixedPart, variable, _) ] } -> ValueSome { Fixed = fixedPart; Variable = variable }
        | _ -> ValueNone
