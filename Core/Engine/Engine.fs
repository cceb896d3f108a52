namespace Nitro.Engine

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Node

/// What came of one event.
type internal Step =
    { State: NodeState
      /// Append these first; nothing below may happen before they are durable.
      Facts: Fact list
      Effects: (EffectId * Intent) list
      Replies: Reply list
      /// For `PeerSaid`: what the receiver says.
      Taking: Taking
      /// Channels that a fact touched, objectives that ended: for notifications.
      Changed: ChannelId list
      Ended: ObjectiveId list }

module internal Engine =
    /// Without the detour over a sequence: every step makes four of them.
    let private listOf (items: List<'T>) : 'T list =
        let mutable made = []
        for index in items.Count - 1 .. -1 .. 0 do made <- items[index] :: made
        made

    let private rest (before: NodeState) : Step =
        { State = before
          Facts = []
          Effects = []
          Replies = []
          Taking = Take
          Changed = []
          Ended = [] }

    let private decide (turning: Turning) event : Taking =
        match event with
        | Asked(request, content, command) ->
            DecideAsked.decide turning request content command
            Take
        | PeerSaid message -> DecidePeer.decide turning message.Value
        | PeerTook effect ->
            DecideOutcome.peerTook turning effect
            Take
        | PeerRefused(effect, code) ->
            DecideOutcome.peerRefused turning effect code
            Take
        | PeerSeen address ->
            DecideOutcome.peerSeen turning address
            Take
        | ChainShowed(notice, position) ->
            DecideOutcome.chainShowed turning notice position
            Take
        | ChainRetracted height ->
            DecideOutcome.chainRetracted turning height
            Take
        | ChainRefused(effect, reason) ->
            DecideOutcome.chainRefused turning effect reason
            Take
        | SignerReplied replies ->
            DecideOutcome.signerReplied turning replies
            Take
        | Ticked ->
            DecideOutcome.ticked turning
            Take

    /// Pure and total: the only way in. Facts must be durable before an effect or a reply may leave.
    let step (settings: Settings) (state: NodeState) (envelope: Envelope) : Step =
        let turning = Turning(settings, envelope.At, state)

        match decide turning envelope.Event with
        | NotNow _
        | Offend _ as taking -> { rest state with Taking = taking }
        | Take ->
            Settle.toRest turning
            let final = turning.State

            { State = final
              Facts = listOf turning.Facts
              Effects =
                [ for position in turning.Recorded do
                      match Outbox.tryFind (EffectId position) final.Outbox with
                      | ValueSome intent -> EffectId position, intent
                      | ValueNone -> () ]
              Replies = listOf turning.Replies
              Taking = Take
              Changed = listOf turning.Changed
              Ended = listOf turning.Ended }

    /// After a restart: every promise not known to be kept, oldest first.
    let resume (state: NodeState) : (EffectId * Intent) list =
        [ for struct (effect, intent) in Outbox.unfinished state.Outbox -> effect, intent ]

    /// When the node next wants a `Ticked`.
    let nextWake (state: NodeState) : Instant voption =
        if state.Wakes.IsEmpty then ValueNone else ValueSome(fst state.Wakes.MinimumElement)
