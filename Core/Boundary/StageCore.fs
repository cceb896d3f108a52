namespace Nitro

open System.Collections.Generic
open Nitro.Stage

/// Why the stage did not accept a request.
type StageRejection =
    /// Our own mistake: ids only rise.
    | IdNotIncreasing = 0
    /// The connection has as many requests waiting as it may.
    | ConnectionBusy = 1
    /// So has the stage.
    | Overloaded = 2

/// What a signer hears about its answer.
type StageAck =
    | Accepted = 0
    | Duplicate = 1
    | Unknown = 2
    /// A refusal that does not end the request: it stays.
    | Retained = 3

/// One method for each kind of effect: a new kind breaks every handler at compile time.
[<AbstractClass>]
type StageEffectHandler<'Body, 'Result>() =
    /// To be sent to an attached signer.
    abstract Deliver: signer: string * id: uint32 -> 'Result
    abstract Reject: id: uint32 * reason: StageRejection -> 'Result
    /// The asker's answer.
    abstract Complete: id: uint32 * connection: string * body: 'Body -> 'Result
    /// The asker's refusal; `tag` is the signer's, or `deadline`.
    abstract Fail: id: uint32 * connection: string * tag: string -> 'Result
    /// Nobody waits for it any more.
    abstract Cancel: id: uint32 -> 'Result
    abstract Acknowledge: signer: string * id: uint32 * ack: StageAck -> 'Result

/// What the stage wants done. Effects are executed in order.
[<Sealed>]
type StageEffect<'Body> internal (effect: Nitro.Stage.StageEffect<'Body>) =
    member _.Dispatch(handler: StageEffectHandler<'Body, 'Result>) : 'Result =
        match effect with
        | Deliver(signer, id) -> handler.Deliver(signer, id)
        | RejectSubmit(id, IdNotIncreasing) -> handler.Reject(id, StageRejection.IdNotIncreasing)
        | RejectSubmit(id, ConnectionBusy) -> handler.Reject(id, StageRejection.ConnectionBusy)
        | RejectSubmit(id, Overloaded) -> handler.Reject(id, StageRejection.Overloaded)
        | Complete(id, connection, body) -> handler.Complete(id, connection, body)
        | Fail(id, connection, RefusedBySigner reason) -> handler.Fail(id, connection, reason)
        | Fail(id, connection, DeadlinePassed) -> handler.Fail(id, connection, "deadline")
        | Cancelled id -> handler.Cancel id
        | Acknowledge(signer, id, Accepted) -> handler.Acknowledge(signer, id, StageAck.Accepted)
        | Acknowledge(signer, id, Duplicate) -> handler.Acknowledge(signer, id, StageAck.Duplicate)
        | Acknowledge(signer, id, Unknown) -> handler.Acknowledge(signer, id, StageAck.Unknown)
        | Acknowledge(signer, id, Retained) -> handler.Acknowledge(signer, id, StageAck.Retained)

/// The stage's state, opaque to its host and never changed: each step gives a new one.
[<Sealed>]
type StageHandle internal (state: StageState) =
    let metrics = lazy (Stage.metrics state)
    member internal _.State = state
    /// Signers attached.
    member _.Attached = state.Signers.Length
    /// Requests that no signer has answered yet.
    member _.Waiting = state.PendingCount
    /// Of these, those on which a deadline on chain may depend.
    member _.TimeCritical = metrics.Value.TimeCritical
    /// Milliseconds that the oldest has waited; 0 when nothing waits.
    member _.OldestAge = metrics.Value.OldestAge

/// What came of one event.
[<Sealed>]
type StageStep<'Body> internal (stage: StageHandle, effects: StageEffect<'Body>[]) =
    member _.Stage = stage
    member _.Effects: IReadOnlyList<StageEffect<'Body>> = effects

/// The stage between whoever needs a signature and the signers that are attached, as C# sees it. Bodies of answers pass through untouched.
[<AbstractClass; Sealed>]
type StageCore<'Body> private () =
    static let step (stage: StageHandle) (event: StageEvent<'Body>) : StageStep<'Body> =
        let next, effects = Stage.step stage.State event
        StageStep(StageHandle next, [| for effect in effects -> StageEffect effect |])

    /// A new request. `connection`: who asks, in order. `isTimeCritical`: a deadline on chain may depend on it.
    static member Submit(stage: StageHandle, id: uint32, connection: string, isTimeCritical: bool) =
        step stage (Submit(id, connection, isTimeCritical))

    static member Attach(stage: StageHandle, signer: string) = step stage (Attach signer)
    static member Detach(stage: StageHandle, signer: string) = step stage (Detach signer)
    static member Reply(stage: StageHandle, signer: string, id: uint32, body: 'Body) = step stage (Reply(signer, id, body))

    /// `isTemporary`: the request stays.
    static member Refuse(stage: StageHandle, signer: string, id: uint32, tag: string, isTemporary: bool) =
        step stage (Refuse(signer, id, tag, isTemporary))

    static member Close(stage: StageHandle, connection: string) = step stage (ConnectionClosed connection)

    /// `nowMilliseconds`: of a clock that never goes back.
    static member Tick(stage: StageHandle, nowMilliseconds: int64) = step stage (Tick nowMilliseconds)

/// Makes stages.
[<AbstractClass; Sealed>]
type StageFactory private () =
    /// An empty stage. `deadlineMilliseconds`: until an asker is freed without an answer; 0: it waits for ever.
    static member Create(perConnection: int, maxPending: int, rememberClosed: int, deadlineMilliseconds: int64) =
        StageHandle(
            Stage.empty
                { DefaultDeadline = (if deadlineMilliseconds > 0L then ValueSome deadlineMilliseconds else ValueNone)
                  MaxPending = maxPending
                  RememberClosed = rememberClosed
                  PerConnection = perConnection }
        )
