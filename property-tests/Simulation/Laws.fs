namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// The laws of one step and of one node's money, as findings in words.
module internal Laws =
    let private finding condition text = if condition then [] else [ text ]

    /// Same input, same step; the same event once more adds nothing; no effect without its promise.
    let ofStep (settings: Settings) (before: NodeState) (envelope: Envelope) (step: Step) =
        let same = Engine.step settings before envelope

        let promised =
            step.Facts
            |> List.indexed
            |> List.choose (fun (i, fact) ->
                match fact with
                | IntentRecorded intent -> Some(EffectId(before.Position + int64 i), intent)
                | _ -> None)

        let again = Engine.step settings step.State envelope

        [ yield! finding (same.Facts = step.Facts && same.State = step.State) "the same input gave another step"
          yield! finding (step.Effects |> List.forall (fun effect -> List.contains effect promised)) "an effect without its promise"
          yield! finding (again.Facts.IsEmpty) (sprintf "the same event again: %A" again.Facts) ]

    /// What a payment channel has cost or brought this node, by what it holds in evidence.
    let private moved (channel: Channel) =
        let paid =
            match Channel.completeFinal channel with
            | Some seen -> Rules.virtualFinal channel.Terms.Opening seen.Variable |> Result.map (fun paid -> paid.Value) |> Result.toOption
            | None -> None

        match channel.Payments with
        | ValueSome p ->
            let ours = if Channel.isOpen channel || (Channel.ownFinal channel).IsSome then (Payments.total p).Value else 0I
            let atLeast = defaultArg paid ours

            (match p.Role with
             | Payer -> - atLeast
             | Payee -> atLeast
             | Intermediary -> 0I)
        | ValueNone -> 0I

    /// A guarantee's worth to us: what the final state, or else our own evidence, leaves on our side.
    let private worth (state: NodeState) me (guarantee: Guarantee) =
        match NodeState.channel guarantee.Target state with
        | ValueNone -> 0I
        | ValueSome channel ->
            let paid =
                match Channel.completeFinal channel, channel.Payments with
                | Some seen, _ ->
                    (match Rules.virtualFinal channel.Terms.Opening seen.Variable with
                     | Ok paid -> paid.Value
                     | Error _ -> 0I)
                | None, ValueSome p when Channel.isOpen channel -> (Payments.total p).Value
                | None, _ -> 0I

            if guarantee.Left = Destination.ofAddress me then channel.Terms.Opening.LeaderBalance.Value - paid
            else channel.Terms.Opening.FollowerBalance.Value + paid

    let private ledgerGain (state: NodeState) (channel: Channel) =
        match channel.Ledger with
        | ValueNone -> 0I
        | ValueSome ledger ->
            let outcome = ledger.Agreed
            let mine = if Channel.isLeader channel then outcome.LeaderBalance else outcome.FollowerBalance
            let bound = outcome.Guarantees.Values |> Seq.sumBy (worth state channel.Terms.Me)
            mine.Value + bound - (Terms.ownShare channel.Terms).Value

    /// By its own evidence, a node's ledgers have gained at least what its payment channels brought.
    let ofMoney (state: NodeState) =
        let channels = state.Channels.Items.Values |> Seq.toList
        let gained = channels |> List.sumBy (ledgerGain state)
        let fair = channels |> List.sumBy moved
        finding (gained >= fair) $"its ledgers gained {gained}, its payment channels {fair}"

    /// What facts make of a state is what they make of it where its tables are changed in place.
    let ofDrafts (before: NodeState) (envelope: Envelope) (step: Step) =
        let drafted = step.Facts |> List.fold (fun state fact -> NodeDraft.fold state envelope.At fact) (NodeDraft.begin' before)
        finding (NodeDraft.finish drafted = step.State) "in tables that are changed in place its facts give another state"
