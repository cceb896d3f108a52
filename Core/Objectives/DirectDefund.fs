namespace Nitro.Objectives

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Closes a ledger: a final state of what was last agreed, then everything paid out on chain. Reference 3.3.
module internal DirectDefund =
    let private label = "WaitingForFinalization"

    /// Only the leader gives out turns, so between our nodes it signs first and no proposal can cross the final state.
    /// Towards go-nitro either side signs at once, as that program does.
    let private final (objective: ObjectiveId) (channel: Channel) (ledger: LedgerChannel) =
        let terms = channel.Terms
        let variable = Ledger.toVariable terms.Dialect (ledger.AgreedTurn + 1UL) true ledger.Agreed
        let hash = State.hash terms.Id variable

        match Channel.tryHash variable.Turn hash channel with
        | Some seen when not seen.Signatures.IsEmpty -> World.agreed label objective channel seen
        | _ when Channel.isLeader channel || terms.Dialect = GoNitro -> Unmet(label, [ World.inTime channel (OwnFinalState(terms.Id, variable)) ])
        | _ ->
            let leader = Channel.counterparty channel
            Unmet(label, [ Told(leader, FinalStateWanted objective); PeerSignature(leader, terms.Id, variable.Turn) ])

    let private withdrawn (channel: Channel) =
        let terms = channel.Terms

        if channel.Chain.PaidOut >= terms.Total then Met []
        elif Channel.isLeader channel || channel.Chain.MayConclude then
            World.called "WaitingForWithdraw" (ConcludeAndTransfer terms.Id) channel
        else Unmet("WaitingForWithdraw", [ Holdings terms.Id ])

    let advance (objective: ObjectiveId) (channel: Channel) : Progress =
        match channel.Ledger with
        | ValueNone -> Abandon "store: failed to find required channel data"
        | ValueSome ledger ->
            match Channel.completeFinal channel with
            | Some seen ->
                flow {
                    do! World.agreed label objective channel seen
                    do! withdrawn channel
                    return Done []
                }
            | None when not (LedgerChannel.isIdle ledger) -> Waiting(label, [ LedgerChange channel.Terms.Id ])
            | None when not ledger.Agreed.Guarantees.IsEmpty -> Abandon "ledger channel has running guarantees"
            | None ->
                flow {
                    do! final objective channel ledger
                    do! withdrawn channel
                    return Done []
                }
