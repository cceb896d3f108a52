namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Wire

/// Puts each effect of one living process into its lane, and takes out what is over.
[<Sealed>]
type internal Dispatcher
    (
        ground: Ground,
        owner: int,
        settings: Settings,
        network: Network,
        journal: Journal,
        signer: SignerBox,
        adapter: ChainAdapter,
        refused: Payload -> string -> unit,
        report: Event -> unit
    ) =
    let me = settings.Me
    let signs: ISignLane =
        if ground.IsStaged then StageLane(ground, owner, me, signer, refused, report) else SignLane(ground, owner, me, signer, refused, report)
    let peers = Dictionary<Address, PeerLane>()

    let fail text = ground.Fail $"{me}: {text}"

    let laneTo (peer: Address) =
        match peers.TryGetValue peer with
        | true, lane -> lane
        | _ ->
            let send frame answered = network.Send(owner, me, peer, frame, answered)
            let lane = PeerLane(ground, owner, send, report)
            peers[peer] <- lane
            lane

    /// Bodies are rebuilt from the state of the step that promised the effect; the promise is durable by now.
    member _.Start(state: NodeState, EffectId effect, intent: Intent) =
        if journal.Fact effect <> ValueSome(IntentRecorded intent) then fail $"effect {effect} leaves without its durable promise: {intent}"

        match intent with
        | SignPayload signing ->
            (match Outgoing.payload state signing, Briefing.signing settings state signing with
             | ValueSome payload, ValueSome items -> signs.Add(effect, { Payload = payload; Items = items })
             | _ -> fail $"the payload of #{effect} cannot be rebuilt: {signing}")
        | Tell(peer, telling) ->
            (match Outgoing.message settings state telling with
             | ValueSome message -> (laneTo peer).Add(effect, PeerV1.encode peer message)
             | ValueNone -> fail $"the message of #{effect} cannot be rebuilt: {telling}")
        | SubmitCall(Deposit(channel, expected, amount)) ->
            let asset = (NodeCalls.channelOf fail channel state).Terms.Opening.Asset
            let value = if asset = Address.zero then amount else Amount.zero
            signer.Call(Briefing.calling settings state channel, uint64 effect, value, ChainV1.deposit asset channel expected amount)
            adapter.Submit(effect, Call.Deposit(asset, channel, expected, amount))
        | SubmitCall(ConcludeAndTransfer id) ->
            let channel = NodeCalls.channelOf fail id state
            signer.Call(Briefing.calling settings state id, uint64 effect, Amount.zero, NodeCalls.concluding fail channel)
            adapter.Submit(effect, NodeCalls.conclude fail channel)
        | SubmitCall(ReadHoldings channel) -> adapter.Read(effect, (NodeCalls.channelOf fail channel state).Terms.Opening.Asset, channel)

    /// The effect is over, whichever lane has it.
    member _.Drop(effect: int64) =
        for lane in peers.Values do lane.Drop effect
        signs.Drop effect
        adapter.Forget effect

    /// Somebody is at work on it.
    member _.Has(effect: int64, intent: Intent) =
        match intent with
        | SignPayload _ -> signs.Has effect
        | Tell(peer, _) -> (match peers.TryGetValue peer with | true, lane -> lane.Has effect | _ -> false)
        | SubmitCall _ -> adapter.Has effect

    member _.Wake(peer: Address) =
        match peers.TryGetValue peer with
        | true, lane -> lane.Wake()
        | _ -> ()
