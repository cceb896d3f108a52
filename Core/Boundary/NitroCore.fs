namespace Nitro

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire
open Nitro.Engine

/// All that a host calls. Every member is pure and may be called from any thread.
[<AbstractClass; Sealed>]
type NitroCore private () =
    static let address (bytes: ReadOnlyMemory<byte>) =
        if bytes.Length = 20 then ValueSome(Address.ofSpan bytes.Span) else ValueNone

    static let bytes32 (bytes: ReadOnlyMemory<byte>) =
        if bytes.Length = 32 then ValueSome(Bytes32.ofSpan bytes.Span) else ValueNone

    static let problem (p: Problem) = CoreProblem(p.Code, p.Message, p.Tag, p.Next)

    static let recoverWith (recover: RecoverSigner) =
        Recover(fun digest signature ->
            let signer = Array.zeroCreate<byte> 20
            let bytes = signature.ToArray()
            let hash = digest.ToArray()

            if recover.Invoke(ReadOnlySpan hash, ReadOnlySpan bytes, Span signer) then
                ValueSome(Address.ofSpan (ReadOnlySpan signer))
            else
                ValueNone)

    static let effects (settings: Settings) (state: NodeState) (intents: (EffectId * Intent) list) : Effect[] =
        [| for EffectId id, intent in intents -> Effect(id, IntentDispatch(settings, state, id, intent)) |]

    static let finished (facts: Fact list) =
        [| for fact in facts do
               match fact with
               | IntentFinished(EffectId id, _) -> id
               | _ -> () |]

    static let record fact =
        let struct (name, version, body) = LogV1.encode fact
        CoreRecord(name, version, body)

    static let reply (r: Reply) =
        let (RequestId request) = r.To

        match ViewV1.answer r.Answer with
        | Ok result -> CoreReply(request, result, null)
        | Error p -> CoreReply(request, [||], problem p)

    static let taking answer =
        match answer with
        | Take -> PeerTaking.Taken, "", ""
        | NotNow why -> PeerTaking.Busy, "busy", why
        | Offend offence -> PeerTaking.Offence, offence.Code, offence.Detail

    static let position (height: int64) index (hash: ReadOnlyMemory<byte>) : ChainPosition =
        { Height = uint64 (max 0L height)
          Index = index
          BlockHash = bytes32 hash |> ValueOption.defaultValue Bytes32.zero }

    /// Reads settings; the error names the key.
    static member TryConfigure
        (
            settingsJson: ReadOnlyMemory<byte>,
            recover: RecoverSigner,
            [<Out>] settings: byref<NodeSettings | null>,
            [<Out>] error: byref<string>
        ) : bool =
        match SettingsV1.decode (recoverWith recover) settingsJson with
        | Ok found ->
            settings <- NodeSettings found
            error <- ""
            true
        | Error text ->
            settings <- null
            error <- text
            false

    /// A node that knows nothing yet.
    static member Create(settings: NodeSettings) = NodeHandle(settings.Settings, NodeState.empty, NodeEpochs.First)

    /// To fold a journal that is read from this position: 0, or the start of an epoch.
    static member Replay(settings: NodeSettings, position: int64) =
        NodeReplay(settings.Settings, { NodeState.empty with Position = position }, NodeEpochs.First)

    /// Reads one journal record, on any thread. False where it cannot be read.
    static member TryReadFact
        (
            typeName: string,
            version: int,
            body: ReadOnlyMemory<byte>,
            [<Out>] fact: byref<NodeFact | null>,
            [<Out>] error: byref<string>
        ) : bool =
        match LogV1.decode typeName version body with
        | Ok found ->
            fact <- NodeFact found
            error <- ""
            true
        | Error text ->
            fact <- null
            error <- text
            false

    /// Decides one event. Throws `BrokenException` for a bug of ours, and for nothing else.
    static member Step(node: NodeHandle, atMicros: int64, event: NodeEvent) : StepResult =
        let envelope: Envelope = { At = Instant atMicros; Event = event.Event }

        let step =
            try
                Engine.step node.Settings node.State envelope
            with Contradiction reason ->
                raise (BrokenException(reason, null))

        let answer, code, detail = taking step.Taking

        StepResult(
            node.With step.State,
            step.Facts |> List.map record |> List.toArray,
            effects node.Settings step.State step.Effects,
            finished step.Facts,
            step.Replies |> List.map reply |> List.toArray,
            answer,
            code,
            detail,
            Reports.notifications step,
            Reports.log step.Facts
        )

    /// After a restart: every unfinished effect, oldest first.
    static member Resume(node: NodeHandle) : IReadOnlyList<Effect> =
        effects node.Settings node.State (Engine.resume node.State) :> IReadOnlyList<Effect>

    /// When the node next wants `Ticked`: microseconds since 1970, or `Int64.MaxValue`.
    static member NextWake(node: NodeHandle) : int64 =
        match Engine.nextWake node.State with
        | ValueSome at -> at.Micros
        | ValueNone -> Int64.MaxValue

    /// A frame from an authenticated peer (20 bytes). False: an offence, with a short name and a sentence.
    static member TryReceive
        (
            node: NodeHandle,
            peer: ReadOnlyMemory<byte>,
            frame: ReadOnlyMemory<byte>,
            [<Out>] event: byref<NodeEvent | null>,
            [<Out>] code: byref<string>,
            [<Out>] detail: byref<string>
        ) : bool =
        let received =
            match address peer with
            | ValueSome sender -> Inbound.receive node.Settings node.State sender frame
            | ValueNone -> Error { Code = "malformed"; Detail = "a peer is named by 20 bytes" }

        match received with
        | Ok message ->
            event <- NodeEvent(PeerSaid message)
            code <- ""
            detail <- ""
            true
        | Error offence ->
            event <- null
            code <- offence.Code
            detail <- offence.Detail
            false

    /// An API command. `nonce`: randomness; `requestId`: 1 to 64 characters, the caller's or random.
    static member TryCommand
        (
            node: NodeHandle,
            methodName: string,
            payload: ReadOnlyMemory<byte>,
            nonce: uint64,
            requestId: string,
            [<Out>] event: byref<NodeEvent | null>,
            [<Out>] refused: byref<CoreProblem | null>
        ) : bool =
        match CommandV1.command node.Settings.Recover nonce methodName payload with
        | Ok command ->
            event <- NodeEvent(Asked(RequestId requestId, CommandV1.content methodName payload, command))
            refused <- null
            true
        | Error p ->
            event <- null
            refused <- problem p
            false

    /// True of methods that change something; the others are queries.
    static member IsCommand(methodName: string) = CommandV1.isCommand methodName

    /// True of commands that come to nothing as long as nobody signs.
    static member NeedsSignature(methodName: string) = CommandV1.needsSignature methodName

    /// Answers a query from a published state.
    static member TryQuery
        (
            node: NodeHandle,
            methodName: string,
            payload: ReadOnlyMemory<byte>,
            [<Out>] result: byref<ReadOnlyMemory<byte>>,
            [<Out>] refused: byref<CoreProblem | null>
        ) : bool =
        match CommandV1.query methodName payload |> Result.bind (ViewV1.query node.Settings node.State) with
        | Ok json ->
            result <- ReadOnlyMemory json
            refused <- null
            true
        | Error p ->
            result <- ReadOnlyMemory.Empty
            refused <- problem p
            false

    /// `none`, `read` or `sign`; null for a method the core does not have.
    static member PermissionOf(methodName: string) : string | null =
        match CommandV1.permission methodName with
        | ValueSome permission -> permission
        | ValueNone -> null

    /// The link: the peer has taken a frame.
    static member PeerTook(effectId: int64) = NodeEvent(PeerTook(EffectId effectId))

    /// The link: the peer calls a frame an offence.
    static member PeerRefused(effectId: int64, code: string) = NodeEvent(PeerRefused(EffectId effectId, code))

    /// The link: a peer (20 bytes) connected or reconnected.
    static member PeerSeen(peer: ReadOnlyMemory<byte>) =
        NodeEvent(PeerSeen(address peer |> ValueOption.defaultValue Address.zero))

    /// A log of the adjudicator at final depth. False: it means nothing to us.
    static member TryChainLog
        (
            topics: IReadOnlyList<ReadOnlyMemory<byte>>,
            data: ReadOnlyMemory<byte>,
            height: int64,
            logIndex: int,
            blockHash: ReadOnlyMemory<byte>,
            [<Out>] event: byref<NodeEvent | null>
        ) : bool =
        let names = [ for topic in topics -> bytes32 topic |> ValueOption.defaultValue Bytes32.zero ]
        let at = position height (uint32 (max 0 logIndex)) blockHash

        let notice =
            match ChainV1.tryEvent names data with
            | ValueSome(ChainEvent.Deposited(channel, asset, held)) -> ValueSome(ChainNotice.Deposited(channel, asset, held))
            | ValueSome(ChainEvent.AllocationUpdated(channel, index, before, after)) ->
                ValueSome(ChainNotice.PaidOut(channel, index, before, after))
            | ValueSome(ChainEvent.Concluded _)
            | ValueSome(ChainEvent.ChallengeRegistered _)
            | ValueSome(ChainEvent.ChallengeCleared _)
            | ValueSome(ChainEvent.Checkpointed _)
            | ValueSome(ChainEvent.Reclaimed _)
            | ValueNone -> ValueNone

        match notice with
        | ValueSome found ->
            event <- NodeEvent(ChainShowed(found, at))
            true
        | ValueNone ->
            event <- null
            false

    /// Blocks from this height on, once final, are gone.
    static member ChainRetracted(height: int64) = NodeEvent(ChainRetracted(uint64 (max 0L height)))

    /// A call will never succeed as it stands.
    static member ChainRefused(effectId: int64, reason: string) = NodeEvent(ChainRefused(EffectId effectId, reason))

    /// The answer to a reading, at the end of that block. False: not an amount.
    static member TryChainRead
        (
            effectId: int64,
            answer: ReadOnlyMemory<byte>,
            height: int64,
            blockHash: ReadOnlyMemory<byte>,
            [<Out>] event: byref<NodeEvent | null>
        ) : bool =
        match ChainV1.tryHoldings (answer.ToArray()) with
        | ValueSome held ->
            event <- NodeEvent(ChainShowed(HoldingsRead(EffectId effectId, held), position height UInt32.MaxValue blockHash))
            true
        | ValueNone ->
            event <- null
            false

    /// A signer's batch. Each signature must recover to our address over what was asked; what does not is left out.
    /// `isTrusted`: the signer runs in this process, so that recovering would only repeat what it has just computed.
    static member SignerReplied(node: NodeHandle, answers: IReadOnlyList<SignerAnswer>, isTrusted: bool) : NodeEvent =
        let isOurs signing signature =
            isTrusted
            || match Outgoing.payload node.State signing with
               | ValueSome payload -> node.Settings.Recover.Invoke(Payload.digest payload, signature) = ValueSome node.Settings.Me
               | ValueNone -> false

        // What cannot be read is as good as not said.
        let signedBefore (instead: ReadOnlyMemory<byte>) =
            match Signer.RequestV1.decode instead with
            | Ok(Signer.Policy.SignProposal(_, turn, proposal)) -> ValueSome(ProposalBefore(turn, proposal))
            | Ok(Signer.Policy.SignState state) -> ValueSome(StateBefore state.Variable)
            | Ok _
            | Error _ -> ValueNone

        let verdict (answer: SignerAnswer) =
            let effect = EffectId answer.EffectId

            match answer.RefusedTag with
            | null ->
                match Outbox.tryFind effect node.State.Outbox, Signature.tryOfSpan answer.Signature.Span with
                | ValueSome(SignPayload signing), ValueSome signature when isOurs signing signature -> Some(effect, Signed signature)
                | _ -> None
            | tag -> Some(effect, Declined(tag, signedBefore answer.Instead))

        NodeEvent(SignerReplied(answers |> Seq.choose verdict |> Seq.toList))

    /// The clock.
    static member Ticked() = NodeEvent Ticked
