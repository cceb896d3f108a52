namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// Guarantees: an intermediary's two mirror each other or are on their way with a way out, and none is left behind.
module internal CheckGuarantees =
    let private guarantee (state: NodeState) ledger target =
        match NodeState.channel ledger state with
        | ValueSome { Ledger = ValueSome l } -> Map.tryFind target l.Agreed.Guarantees
        | _ -> None

    let private isRunning kind id (state: NodeState) = (NodeState.openObjective { Kind = kind; Channel = id } state).IsSome

    let private isCompleted kind id (state: NodeState) =
        match NodeState.objective { Kind = kind; Channel = id } state with
        | ValueSome { Ending = ValueSome Completed } -> true
        | _ -> false

    /// It still means to carry the channel: what is added is not added for a removal behind it.
    let private isOpening id (state: NodeState) =
        match NodeState.openObjective { Kind = VirtualFunding; Channel = id } state, NodeState.channel id state with
        | ValueSome { Undoing = ValueNone }, ValueSome channel -> (Channel.completeFinal channel).IsNone
        | _ -> false

    /// A removal is on its way, agreed to by whoever had to: an addition that came late goes again at once.
    let private isGoing (state: NodeState) ledger target =
        match NodeState.channel ledger state with
        | ValueSome { Ledger = ValueSome l } -> LedgerChannel.isQueued target l
        | _ -> false

    /// One of two stands: as long as our post-fund is not out the other can be taken back, and after it the final state settles both.
    let private hasWayOut (books: Books) me (state: NodeState) (channel: Channel) =
        let id = channel.Terms.Id

        (isRunning VirtualFunding id state && not (books.HasSigned(me, id, Turn.postFund)))
        || ((isRunning VirtualFunding id state || isRunning VirtualDefunding id state) && (Channel.completeFinal channel).IsSome)

    /// What is left is what came in: nothing has to be paid any more, and the closing gives it back.
    let private isCovering (state: NodeState) (record: ObjectiveRecord) =
        match record.Goal with
        | VirtualFund(id, _, ValueSome right) -> isRunning VirtualDefunding id state && (guarantee state right id).IsNone
        | _ -> false

    let private ofChannel books (state: NodeState) (channel: Channel) (record: ObjectiveRecord) =
        let id = channel.Terms.Id
        let me = channel.Terms.Me
        let found = Goal.ledgers record.Goal |> List.map (fun ledger -> guarantee state ledger id)
        let staying = Goal.ledgers record.Goal |> List.filter (fun ledger -> (guarantee state ledger id).IsSome && not (isGoing state ledger id))

        [ match record.Goal, found with
          | VirtualFund(_, ValueSome _, ValueSome _), [ Some left; Some right ] ->
              if left.Amount <> right.Amount || left.Right <> Destination.ofAddress me || right.Left <> Destination.ofAddress me then
                  $"{id}: its two guarantees do not mirror each other: {left} and {right}"
          | VirtualFund(_, ValueSome _, ValueSome _), [ None; None ] -> ()
          | VirtualFund(_, ValueSome _, ValueSome _), _ ->
              if not (staying.IsEmpty || hasWayOut books me state channel || isCovering state record) then $"{id}: one guarantee stands alone, and there is no way out"
          | _ -> ()

          let isOver =
              isCompleted VirtualDefunding id state
              || (not (isRunning VirtualFunding id state)
                  && not (isRunning VirtualDefunding id state)
                  && not (isCompleted VirtualFunding id state))

          if isOver && not staying.IsEmpty then $"{id}: it is over, and a guarantee is left behind" ]

    /// Nothing new is to rest on deposits that the chain, as the node is shown it, does not hold any more.
    let checkDeposits (final: Block) (step: Step) : string list =
        let isGone (ledger: Channel) =
            let terms = ledger.Terms

            ledger.Chain.Doubtful
            || (ledger.Chain.PaidOut.IsZero
                && final.Height >= ledger.Chain.HeldAt.Height
                && Contracts.holdings terms.Opening.Asset terms.Id final.After < terms.Total)

        let found fact =
            match fact with
            | IntentRecorded(SignPayload(LedgerUpdate(id, turn, _))) ->
                (match NodeState.channel id step.State with
                 | ValueSome({ Ledger = ValueSome l } as ledger) ->
                     (match l.Queue.TryFind turn with
                      | Some { Proposal = Add(added, _) } when isOpening added.Target step.State && isGone ledger ->
                          Some $"{id}: a guarantee is added on deposits that are gone"
                      | _ -> None)
                 | _ -> None)
            | _ -> None

        List.choose found step.Facts

    /// An opening that can still be taken back is, once it has lasted too long: else it would keep its ledgers for ever.
    let private isUnwatched (state: NodeState) (channel: Channel) (record: ObjectiveRecord) =
        match record with
        | { Ending = ValueNone; Undoing = ValueNone; Deadline = ValueSome due } ->
            let id = channel.Terms.Id

            not (state.Wakes.Contains((due, OpeningDeadline(Goal.id record.Goal))))
            && not (Channel.hasSigned Turn.postFund channel || NodeState.isSigning id Turn.postFund state)
        | _ -> false

    let check (books: Books) (state: NodeState) : string list =
        [ for channel in state.Channels.Items.Values do
              if not channel.Terms.IsLedger then
                  match NodeState.objective { Kind = VirtualFunding; Channel = channel.Terms.Id } state with
                  | ValueSome record ->
                      yield! ofChannel books state channel record
                      if isUnwatched state channel record then $"{channel.Terms.Id}: nobody waits for the end of its opening"
                  | ValueNone -> () ]
