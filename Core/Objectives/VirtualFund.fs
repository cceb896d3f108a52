namespace Nitro.Objectives

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Opens a payment channel on guarantees in our ledgers, without the chain. Reference 3.4.
module internal VirtualFund =
    let private onLeft (terms: Terms) check left =
        match left with
        | ValueSome ledger -> check ledger (terms.MyIndex - 1)
        | ValueNone -> Met []

    let private onRight (terms: Terms) check right =
        match right with
        | ValueSome ledger -> check ledger terms.MyIndex
        | ValueNone -> Met []

    let private funded (world: World) (terms: Terms) left right =
        let check ledger position = World.guaranteed "WaitingForCompleteFunding" ledger (Terms.addition terms position) world
        Check.both (onLeft terms check left) (onRight terms check right)

    /// An opening that will not be completed: both guarantees go back at the amounts they came with. Where a neighbour would not let go
    /// without one we ask for a final state too: the payer's first try may have failed.
    let private undone (world: World) (channel: Channel) left right reason =
        let terms = channel.Terms

        let closing = FinalStateWanted { Kind = VirtualDefunding; Channel = terms.Id }

        let check neighbour ledger _ =
            let waiting need =
                match need with
                | Proposed(id, _) when not (GivingBack.mayAsk channel neighbour) ->
                    let isBound = (Channel.signedBy neighbour Turn.postFund channel).IsSome
                    if isBound && terms.MyIndex <> 0 then Told(terms.Payer, closing) else LedgerChange id
                | other -> other

            World.unguaranteed "WaitingForUndo" ledger (Remove(terms.Id, terms.Opening.LeaderBalance)) world |> Check.map waiting

        flow {
            do! Check.both (onLeft terms (check (terms.MyIndex - 1)) left) (onRight terms (check (terms.MyIndex + 1)) right)
            return Abandon reason
        }

    /// Both guarantees stand before anybody's post-fund is signed by us. go-nitro's intermediaries do not wait for the others'.
    let private opened (objective: ObjectiveId) (channel: Channel) =
        let label = "WaitingForCompletePostFund"
        let seen = World.opening Turn.postFund channel

        if channel.Terms.Dialect = GoNitro && Terms.role channel.Terms = Intermediary then
            World.given label objective channel seen
        else
            World.agreed label objective channel seen

    let advance (world: World) (record: ObjectiveRecord) objective (channel: Channel) left right : Progress =
        match record.Undoing with
        // The signer bars the post-fund with the removal; where it has just been asked for one, its answer comes first.
        | ValueSome _ when NodeState.isSigning channel.Terms.Id Turn.postFund world.State -> Waiting("WaitingForUndo", [])
        // Taken back before a restored node heard that it had signed the post-fund: what was paid since is not undone.
        | ValueSome reason when (Channel.completeFinal channel).IsSome && Channel.hasSigned Turn.postFund channel -> Abandon reason
        | ValueSome reason -> undone world channel left right reason
        | ValueNone when (Channel.completeFinal channel).IsSome -> Abandon "closed before the opening was complete"
        // Its closing gives back the other side's.
        | ValueNone when GivingBack.isLetGo channel world.State -> Abandon "the other side took the guarantee back"
        // Between a final state of ours and everybody's nothing may be added to the opening.
        | ValueNone when (Channel.ownFinal channel).IsSome || NodeState.isSigning channel.Terms.Id Turn.virtualFinal world.State ->
            Waiting("WaitingForSupportedFinalState", [])
        | ValueNone ->
            flow {
                do! World.prepared objective channel
                do! funded world channel.Terms left right
                do! opened objective channel
                return Done []
            }
