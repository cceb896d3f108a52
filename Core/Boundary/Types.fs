namespace Nitro

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Node

/// What the core knows about its host. Made by `NitroCore.TryConfigure`.
[<Sealed>]
type NodeSettings internal (settings: Settings) =
    member internal _.Settings = settings
    /// Our channel address, `0x` and 40 lower-case digits.
    member _.Address = settings.Me.ToString()

/// Where the epoch in force stands in the journal; all zero before the first.
[<Struct>]
type internal EpochMark =
    { Number: int
      Start: int64
      /// The position after its opening.
      Restated: int64 }

/// A node's state, opaque to its host and never changed: each step gives a new one.
[<Sealed>]
type NodeHandle internal (settings: Settings, state: NodeState, epoch: EpochMark) =
    member internal _.Settings = settings
    member internal _.State = state
    member internal _.Mark = epoch
    member internal _.With next = NodeHandle(settings, next, epoch)
    /// The position that the next journal record will get.
    member _.Position = state.Position
    /// 1 for the first that was opened; 0 before.
    member _.Epoch = epoch.Number
    /// The position of the epoch's first record: a restart needs nothing before it.
    member _.EpochStart = epoch.Start
    /// The position after the epoch's opening: a journal that ends before it is not whole.
    member _.EpochRestated = epoch.Restated
    /// The newest block from which an observation is stored; follow the chain from here after a restart.
    member _.SeenHeight = int64 state.SeenHeight
    /// Promises not known to be kept.
    member _.UnfinishedCount = Outbox.count state.Outbox
    /// Channels and remembered requests.
    member _.Living = Table.count state.Channels + Table.count state.Requests
    /// Objectives that have not ended.
    member _.OpenObjectives = state.OpenCount

/// What one journal record says, read and not yet folded.
[<Sealed>]
type NodeFact internal (fact: Fact) =
    member internal _.Fact = fact

/// Something the world told the node. Made by `NitroCore`, used once by `NitroCore.Step`.
[<Sealed>]
type NodeEvent internal (event: Event) =
    member internal _.Event = event

/// A journal record before it has a position. The body is JSON.
[<Sealed>]
type CoreRecord internal (typeName: string, version: int, body: byte[]) =
    member _.Type = typeName
    member _.Version = version
    member _.Body = ReadOnlyMemory<byte> body

/// A caller's mistake or the node's refusal. Code: JSON-RPC error code (-32009 params do not fit, -32602 invalid, -32603 refused).
[<Sealed>]
type CoreProblem internal (code: int, message: string, tag: string, next: string) =
    member _.Code = code
    member _.Message = message
    /// A short name for programs.
    member _.Tag = tag
    /// What to do about it.
    member _.Next = next

/// The answer to an API request: a result's JSON, or a problem.
[<Sealed>]
type CoreReply internal (requestId: string, result: byte[], problem: CoreProblem | null) =
    member _.RequestId = requestId
    /// Empty where there is a problem.
    member _.Result = ReadOnlyMemory<byte> result
    member _.Problem: CoreProblem | null = problem

/// A change to report to subscribers: method (`objective_completed`, ...), the JSON of its payload, and the channel it is about.
[<Sealed>]
type CoreNotification internal (methodName: string, channel: string, payload: Lazy<byte[]>) =
    member _.Method = methodName
    member _.Channel = channel
    /// Made when it is first asked for: mostly nobody listens.
    member _.Payload = ReadOnlyMemory<byte> payload.Value

/// What the receiver of a peer's message says about it.
type PeerTaking =
    /// Durable once the step's records are.
    | Taken = 0
    /// Not now: the sender keeps it and tells it again.
    | Busy = 1
    /// A peer's offence: no facts; charge the peer.
    | Offence = 2

/// To be signed. `Lane`: order is kept within it. `Items` of Request.V1: evidence, and last what is wanted.
/// `Digest`: the 32 bytes that the signature must be over.
[<Sealed>]
type SignEffect internal (id: int64, lane: string, items: ReadOnlyMemory<byte>[], digest: byte[]) =
    member _.Id = id
    member _.Lane = lane
    member _.Items: IReadOnlyList<ReadOnlyMemory<byte>> = items
    member _.Digest = ReadOnlyMemory<byte> digest

/// To be sent to a peer, one at a time and in order. `Frame`: one message in go-nitro's JSON, without the line feed.
[<Sealed>]
type SendEffect internal (id: int64, peer: byte[], frame: byte[]) =
    member _.Id = id
    /// 20 bytes.
    member _.Peer = ReadOnlyMemory<byte> peer
    member _.Frame = ReadOnlyMemory<byte> frame

/// One transaction: 20 bytes to, 32 bytes big-endian wei, calldata.
[<Sealed>]
type CallStep internal (target: byte[], value: byte[], data: byte[]) =
    member _.To = ReadOnlyMemory<byte> target
    member _.Value = ReadOnlyMemory<byte> value
    member _.Data = ReadOnlyMemory<byte> data

/// To be sent to the chain, step by step. `Evidence`: items of Request.V1 for whoever signs the transactions, to be kept with the call.
[<Sealed>]
type SubmitEffect internal (id: int64, description: string, steps: CallStep[], evidence: ReadOnlyMemory<byte>[]) =
    member _.Id = id
    member _.Description = description
    member _.Steps: IReadOnlyList<CallStep> = steps
    member _.Evidence: IReadOnlyList<ReadOnlyMemory<byte>> = evidence

/// To be read from the chain at the newest final block (eth_call).
[<Sealed>]
type ReadEffect internal (id: int64, target: byte[], data: byte[]) =
    member _.Id = id
    member _.To = ReadOnlyMemory<byte> target
    member _.Data = ReadOnlyMemory<byte> data

/// One method for each kind of effect: a new kind breaks every handler at compile time.
[<AbstractClass>]
type EffectHandler<'Result>() =
    abstract Sign: effect: SignEffect -> 'Result
    abstract Send: effect: SendEffect -> 'Result
    abstract Submit: effect: SubmitEffect -> 'Result
    abstract Read: effect: ReadEffect -> 'Result

/// An intent on its way out. Its body is made when it is dispatched, from the state of the step that promised it.
[<Sealed>]
type Effect internal (id: int64, dispatch: EffectDispatch) =
    /// The journal position of the fact that promised it.
    member _.Id = id
    member _.Dispatch(handler: EffectHandler<'Result>) = dispatch.Run handler

/// Makes the body and calls the handler's method of its kind.
and [<AbstractClass>] internal EffectDispatch() =
    abstract Run: handler: EffectHandler<'Result> -> 'Result

/// What came of one event. Append `Records` at the old position first; nothing else may happen before they are durable.
[<Sealed>]
type StepResult
    internal
    (
        node: NodeHandle,
        records: CoreRecord[],
        effects: Effect[],
        finished: int64[],
        replies: CoreReply[],
        taking: PeerTaking,
        code: string,
        detail: string,
        notifications: CoreNotification[],
        log: string[]
    ) =
    member _.Node = node
    member _.Records: IReadOnlyList<CoreRecord> = records
    member _.Effects: IReadOnlyList<Effect> = effects
    /// Effects that are over: drop them from their lanes.
    member _.Finished: IReadOnlyList<int64> = finished
    member _.Replies: IReadOnlyList<CoreReply> = replies
    /// For a peer's message: what to answer.
    member _.Taking = taking
    /// For a peer's message that was not taken: a short name and a sentence.
    member _.TakingCode = code
    member _.TakingDetail = detail
    member _.Notifications: IReadOnlyList<CoreNotification> = notifications
    /// One line per objective change, for the operator's log.
    member _.Log: IReadOnlyList<string> = log

/// A signer's answer as it came: 65 bytes, or a refusal's tag and what was signed instead (`SigningVerdict.Instead`), empty where that is not said.
[<Sealed>]
type SignerAnswer(effectId: int64, signature: ReadOnlyMemory<byte>, refusedTag: string | null, instead: ReadOnlyMemory<byte>) =
    member _.EffectId = effectId
    member _.Signature = signature
    member _.RefusedTag: string | null = refusedTag
    member _.Instead = instead

/// What an epoch's opening will say, written beforehand. Made by `NodeEpochs.Draft`.
[<Sealed>]
type EpochDraft internal (draft: Nitro.Engine.Draft) =
    member internal _.Draft = draft
    /// How many records the opening would have had.
    member _.Count = draft.Count

/// The records that open an epoch, to be appended all together or not at all, and the node after them.
[<Sealed>]
type EpochOpening internal (node: NodeHandle, records: CoreRecord[]) =
    member _.Node = node
    member _.Records: IReadOnlyList<CoreRecord> = records
