namespace Nitro

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire
open Nitro.Engine

/// The core contradicts itself: a bug of ours. The tenant stops and says so; never caught and carried on.
type BrokenException(message: string, inner: exn | null) =
    inherit Exception(message, inner)

/// The bodies of effects, made from the state of the step that promised them.
module internal Bodies =
    let private broken what = raise (BrokenException($"the body of {what} cannot be rebuilt from the state", null))

    let private word (amount: Amount) =
        let bytes = Array.zeroCreate<byte> 32
        Amount.copyTo (Span bytes) amount
        bytes

    let private lane signing =
        match signing with
        | OwnState(id, _, _)
        | LedgerUpdate(id, _, _)
        | PaymentVoucher(id, _) -> id.ToString()

    let private items requests : ReadOnlyMemory<byte>[] =
        [| for request in requests -> ReadOnlyMemory<byte>(Signer.RequestV1.encode request) |]

    let sign (settings: Settings) (state: NodeState) id signing =
        match Outgoing.payload state signing, Briefing.signing settings state signing with
        | ValueSome payload, ValueSome requests -> SignEffect(id, lane signing, items requests, (Payload.digest payload).ToArray())
        | _ -> broken $"sign intent #{id}"

    let send (settings: Settings) (state: NodeState) id (peer: Address) telling =
        match Outgoing.message settings state telling with
        | ValueSome message -> SendEffect(id, peer.ToArray(), PeerV1.encode peer message)
        | ValueNone -> broken $"tell intent #{id}"

    let private deposit (settings: Settings) (channel: Channel) expected (amount: Amount) =
        let asset = channel.Terms.Opening.Asset
        let data = ChainV1.deposit asset channel.Terms.Id expected amount
        let adjudicator = settings.Adjudicator.ToArray()

        if asset = Address.zero then
            [| CallStep(adjudicator, word amount, data) |]
        else
            [| CallStep(asset.ToArray(), word Amount.zero, ChainV1.approve settings.Adjudicator amount)
               CallStep(adjudicator, word Amount.zero, data) |]

    let private conclude (settings: Settings) (channel: Channel) =
        match Channel.completeFinal channel with
        | Some seen ->
            let candidate: SignedPart =
                { Part = seen.Variable
                  Signatures = seen.Signatures |> Map.toList |> List.map snd }

            let data = ChainV1.concludeAndTransferAllAssets channel.Terms.Fixed candidate
            [| CallStep(settings.Adjudicator.ToArray(), word Amount.zero, data) |]
        | None -> broken "a conclusion without a complete final state"

    let submit (settings: Settings) (state: NodeState) id call =
        let on channelId =
            match NodeState.channel channelId state with
            | ValueSome channel -> channel
            | ValueNone -> broken $"chain intent #{id}"

        match call with
        | Deposit(channelId, expected, amount) ->
            let steps = deposit settings (on channelId) expected amount
            SubmitEffect(id, $"deposit {amount} into {channelId}", steps, items (Briefing.calling settings state channelId))
        | ConcludeAndTransfer channelId ->
            let steps = conclude settings (on channelId)
            SubmitEffect(id, $"conclude and pay out {channelId}", steps, items (Briefing.calling settings state channelId))
        | ReadHoldings _ -> broken "a reading as a transaction"

    let read (settings: Settings) (state: NodeState) id channelId =
        match NodeState.channel channelId state with
        | ValueSome channel ->
            ReadEffect(id, settings.Adjudicator.ToArray(), ChainV1.holdings channel.Terms.Opening.Asset channelId)
        | ValueNone -> broken $"read intent #{id}"

[<Sealed>]
type internal IntentDispatch(settings: Settings, state: NodeState, id: int64, intent: Intent) =
    inherit EffectDispatch()

    override _.Run(handler: EffectHandler<'Result>) : 'Result =
        match intent with
        | SignPayload signing -> handler.Sign(Bodies.sign settings state id signing)
        | Tell(peer, telling) -> handler.Send(Bodies.send settings state id peer telling)
        | SubmitCall(ReadHoldings channel) -> handler.Read(Bodies.read settings state id channel)
        | SubmitCall call -> handler.Submit(Bodies.submit settings state id call)
