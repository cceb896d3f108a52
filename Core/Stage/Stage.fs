namespace Nitro.Stage

open Nitro.Kernel

/// The wire's number of a request: 32 bits, ascending within one process of the node.
type internal StageId = uint32

/// An attached signer's stream; a signer that attaches again may keep its name.
type internal SignerName = string

/// Who asks, in order: a file descriptor of an hsmd-style client, or a lane of ours (key and channel).
type internal Connection = string

type internal StageConfig =
    { /// Milliseconds until an asker is freed without an answer; nothing: it waits for ever.
      DefaultDeadline: int64 voption
      MaxPending: int
      /// Ended ids that are told apart from unknown ones.
      RememberClosed: int
      /// 1 for hsmd-style connections, more for lanes whose requests do not depend on each other.
      PerConnection: int }

/// A request that no signer has answered yet.
type internal StagedRequest =
    { Connection: Connection
      /// Milliseconds of the stage's own clock.
      Since: int64
      Deadline: int64 voption
      /// On-chain deadlines may depend on it.
      TimeCritical: bool }

type internal StageEvent<'Body> =
    | Submit of StageId * Connection * timeCritical: bool
    | Attach of SignerName
    | Detach of SignerName
    | Reply of SignerName * StageId * 'Body
    /// `temporary`: the signer may say yes later; the request stays.
    | Refuse of SignerName * StageId * reason: string * temporary: bool
    /// Nobody waits for this connection's answers any more.
    | ConnectionClosed of Connection
    /// Milliseconds of a clock that never goes back.
    | Tick of now: int64

/// Why a request was not accepted.
type internal Rejection =
    | IdNotIncreasing
    | ConnectionBusy
    | Overloaded

/// Why an accepted request ends without an answer.
type internal Failure =
    | RefusedBySigner of reason: string
    | DeadlinePassed

/// What a signer hears about its answer.
type internal Ack =
    | Accepted
    | Duplicate
    | Unknown
    /// A temporary refusal: the request stays.
    | Retained

type internal StageEffect<'Body> =
    | Deliver of SignerName * StageId
    | RejectSubmit of StageId * Rejection
    | Complete of StageId * Connection * 'Body
    | Fail of StageId * Connection * Failure
    | Cancelled of StageId
    | Acknowledge of SignerName * StageId * Ack

type internal StageState =
    { Config: StageConfig
      Pending: Map<StageId, StagedRequest>
      PendingCount: int
      PerConnection: Table<Connection, int>
      /// In attach order.
      Signers: SignerName list
      /// The newest of the ended ids, oldest first.
      Closed: Line<StageId>
      ClosedIds: Set<StageId>
      ClosedCount: int
      /// The highest id ever accepted.
      MaxId: StageId voption
      Now: int64 }

/// What an operator watches.
type internal StageMetrics =
    { Attached: int
      Waiting: int
      TimeCritical: int
      /// Milliseconds; 0 when nothing waits.
      OldestAge: int64 }

/// The staging area between whoever needs a signature and the signers that are attached: every accepted request ends exactly once,
/// completed, failed or cancelled. Pure and total. The table of transitions is the remote-signing reference's, section 4.4.
module internal Stage =
    let empty config =
        { Config = config
          Pending = Map.empty
          PendingCount = 0
          PerConnection = Table.empty
          Signers = []
          Closed = Line.empty
          ClosedIds = Set.empty
          ClosedCount = 0
          MaxId = ValueNone
          Now = 0L }

    let private waitingOf connection (state: StageState) =
        Table.tryFind connection state.PerConnection |> ValueOption.defaultValue 0

    let private count connection change (state: StageState) =
        let waiting = waitingOf connection state + change

        { state with
            PendingCount = state.PendingCount + change
            PerConnection =
                if waiting = 0 then Table.remove connection state.PerConnection
                else Table.add connection waiting state.PerConnection }

    let private remember id (state: StageState) =
        let added =
            { state with
                Closed = Line.add id state.Closed
                ClosedIds = state.ClosedIds.Add id
                ClosedCount = state.ClosedCount + 1 }

        if added.ClosedCount <= state.Config.RememberClosed then
            added
        else
            match Line.tryFirst added.Closed with
            | ValueSome oldest ->
                { added with
                    Closed = Line.rest added.Closed
                    ClosedIds = added.ClosedIds.Remove oldest
                    ClosedCount = added.ClosedCount - 1 }
            | ValueNone -> added

    let private close id (request: StagedRequest) (state: StageState) =
        { state with Pending = state.Pending.Remove id } |> count request.Connection -1 |> remember id

    let private submit id connection timeCritical (state: StageState) =
        let rejected reason = state, [ RejectSubmit(id, reason) ]

        if state.MaxId |> ValueOption.exists (fun highest -> id <= highest) then rejected IdNotIncreasing
        elif waitingOf connection state >= state.Config.PerConnection then rejected ConnectionBusy
        elif state.PendingCount >= state.Config.MaxPending then rejected Overloaded
        else
            let request =
                { Connection = connection
                  Since = state.Now
                  Deadline = state.Config.DefaultDeadline |> ValueOption.map (fun wait -> state.Now + wait)
                  TimeCritical = timeCritical }

            let accepted =
                { state with
                    MaxId = ValueSome id
                    Pending = state.Pending.Add(id, request) }
                |> count connection 1

            accepted, [ for signer in state.Signers -> Deliver(signer, id) ]

    let private attach signer (state: StageState) =
        { state with Signers = List.filter ((<>) signer) state.Signers @ [ signer ] },
        [ for KeyValue(id, _) in state.Pending -> Deliver(signer, id) ]

    /// An answer to what is not pending changes nothing.
    let private late signer id (state: StageState) =
        state, [ Acknowledge(signer, id, (if state.ClosedIds.Contains id then Duplicate else Unknown)) ]

    let private reply signer id body (state: StageState) =
        match state.Pending.TryFind id with
        | None -> late signer id state
        | Some request -> close id request state, [ Complete(id, request.Connection, body); Acknowledge(signer, id, Accepted) ]

    let private refuse signer id reason temporary (state: StageState) =
        match state.Pending.TryFind id with
        | None -> late signer id state
        | Some _ when temporary -> state, [ Acknowledge(signer, id, Retained) ]
        | Some request ->
            close id request state, [ Fail(id, request.Connection, RefusedBySigner reason); Acknowledge(signer, id, Accepted) ]

    /// Ends those that are chosen, in the order of their ids.
    let private endAll chosen effect (state: StageState) =
        let ended = [ for KeyValue(id, request) in state.Pending do if chosen request then id, request ]
        ended |> List.fold (fun s (id, request) -> close id request s) state, ended |> List.map effect

    let private tick now (state: StageState) =
        let later = { state with Now = max state.Now now }

        later
        |> endAll
            (fun request -> request.Deadline |> ValueOption.exists (fun deadline -> deadline <= later.Now))
            (fun (id, request) -> Fail(id, request.Connection, DeadlinePassed))

    let step (state: StageState) (event: StageEvent<'Body>) : StageState * StageEffect<'Body> list =
        match event with
        | Submit(id, connection, timeCritical) -> submit id connection timeCritical state
        | Attach signer -> attach signer state
        | Detach signer -> { state with Signers = List.filter ((<>) signer) state.Signers }, []
        | Reply(signer, id, body) -> reply signer id body state
        | Refuse(signer, id, reason, temporary) -> refuse signer id reason temporary state
        | ConnectionClosed connection -> endAll (fun request -> request.Connection = connection) (fun (id, _) -> Cancelled id) state
        | Tick now -> tick now state

    let metrics (state: StageState) : StageMetrics =
        { Attached = state.Signers.Length
          Waiting = state.PendingCount
          TimeCritical = state.Pending.Values |> Seq.filter (fun request -> request.TimeCritical) |> Seq.length
          OldestAge = if state.Pending.IsEmpty then 0L else state.Now - (snd (Map.minKeyValue state.Pending)).Since }
