namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// A proposal with its turn, not yet countersigned.
type internal QueuedProposal =
    { Proposal: Proposal
      /// The outcome once it is agreed.
      After: LedgerOutcome
      /// State hash of that outcome at this turn.
      Hash: Bytes32
      /// Nothing while the leader's own signature is under way.
      LeaderSignature: Signature voption }

/// A funded ledger: the outcome both have signed, and the changes on their way.
type internal LedgerChannel =
    { Agreed: LedgerOutcome
      AgreedTurn: TurnNumber
      LeaderSignature: Signature
      FollowerSignature: Signature
      /// Ascending, dense from AgreedTurn + 1.
      Queue: Map<TurnNumber, QueuedProposal>
      /// The leader's proposals that have no turn yet, first come first served.
      Wanted: Map<int64, Proposal>
      WantedTargets: Set<ChannelId>
      NextWanted: int64
      Exposures: Map<ChannelId, Exposure>
      ReservedLeader: Amount
      ReservedFollower: Amount
      Locked: Amount
      Unenforceable: Amount
      /// The follower's recent countersignatures, for peers that ask again.
      Answered: Map<TurnNumber, struct (Proposal * Signature)> }

module internal LedgerChannel =
    /// As many as may be unfinished towards a peer, so that what is promised can always be told.
    let private answersKept = 1_024UL

    let start (opening: LedgerOutcome) leaderSignature followerSignature =
        { Agreed = opening
          AgreedTurn = Turn.postFund
          LeaderSignature = leaderSignature
          FollowerSignature = followerSignature
          Queue = Map.empty
          Wanted = Map.empty
          WantedTargets = Set.empty
          NextWanted = 0L
          Exposures = Map.empty
          ReservedLeader = Amount.zero
          ReservedFollower = Amount.zero
          Locked = Amount.zero
          Unenforceable = Amount.zero
          Answered = Map.empty }

    let lastTurn (ledger: LedgerChannel) = if ledger.Queue.IsEmpty then ledger.AgreedTurn else fst (Map.maxKeyValue ledger.Queue)

    /// How many proposals wait for the follower. The queue is dense; a map's own count walks over all of it.
    let inFlight (ledger: LedgerChannel) = int (lastTurn ledger - ledger.AgreedTurn)

    /// The outcome once everything queued is agreed.
    let proposed (ledger: LedgerChannel) =
        match ledger.Queue.TryFind(lastTurn ledger) with
        | Some last -> last.After
        | None -> ledger.Agreed

    let head (ledger: LedgerChannel) = ledger.Queue.TryFind(ledger.AgreedTurn + 1UL)

    /// The leader has a proposal whose signature is under way.
    let hasUnsigned (ledger: LedgerChannel) =
        match ledger.Queue.TryFind(lastTurn ledger) with
        | Some last -> last.LeaderSignature.IsNone
        | None -> false

    /// The last turn that the leader has signed and the follower not yet.
    let lastSigned (ledger: LedgerChannel) =
        let last = lastTurn ledger
        let signed = if hasUnsigned ledger then last - 1UL else last
        if signed > ledger.AgreedTurn then ValueSome signed else ValueNone

    /// A proposal about the target is on its way, even one that another behind it takes back.
    let isQueued target (ledger: LedgerChannel) =
        ledger.WantedTargets.Contains target
        || ledger.Queue.Values |> Seq.exists (fun queued -> queued.Proposal.Target = target)

    /// Nothing wanted or queued.
    let isIdle (ledger: LedgerChannel) = ledger.Queue.IsEmpty && ledger.Wanted.IsEmpty

    /// Nothing guaranteed or reserved: what is agreed may become final.
    let isFree (ledger: LedgerChannel) = ledger.Agreed.Guarantees.IsEmpty && ledger.Exposures.IsEmpty

    /// What leader and follower could still put into new guarantees.
    let free (ledger: LedgerChannel) =
        let outcome = proposed ledger
        struct (Amount.lacking outcome.LeaderBalance ledger.ReservedLeader, Amount.lacking outcome.FollowerBalance ledger.ReservedFollower)

    let private unreserve target (ledger: LedgerChannel) =
        match ledger.Exposures.TryFind target with
        | Some({ Reserved = ValueSome(struct (leader, follower)) } as exposure) ->
            { ledger with
                Exposures = ledger.Exposures.Add(target, { exposure with Reserved = ValueNone })
                ReservedLeader = Amount.lacking ledger.ReservedLeader leader
                ReservedFollower = Amount.lacking ledger.ReservedFollower follower }
        | _ -> ledger

    /// Keeps capacity free for an approved opening and counts it against the limits.
    let expose target (asked: Exposure) (ledger: LedgerChannel) =
        // Of a channel that is taken over the guarantee stands already.
        let exposure = if ledger.Agreed.Guarantees.ContainsKey target then { asked with Reserved = ValueNone } else asked
        let struct (leader, follower) = ValueOption.defaultValue (struct (Amount.zero, Amount.zero)) exposure.Reserved

        { ledger with
            Exposures = ledger.Exposures.Add(target, exposure)
            ReservedLeader = Amount.addSaturated ledger.ReservedLeader leader
            ReservedFollower = Amount.addSaturated ledger.ReservedFollower follower
            Locked = if exposure.Locked then Amount.addSaturated ledger.Locked exposure.Amount else ledger.Locked
            Unenforceable =
                if exposure.Unenforceable then Amount.addSaturated ledger.Unenforceable exposure.Amount
                else ledger.Unenforceable }

    /// The opening is complete: it no longer counts as locked.
    let unlock target (ledger: LedgerChannel) =
        match ledger.Exposures.TryFind target with
        | Some exposure when exposure.Locked ->
            { ledger with
                Exposures = ledger.Exposures.Add(target, { exposure with Locked = false })
                Locked = Amount.lacking ledger.Locked exposure.Amount }
        | _ -> ledger

    /// The virtual channel is over, or was never opened.
    let release target (ledger: LedgerChannel) =
        let ledger = ledger |> unreserve target |> unlock target

        match ledger.Exposures.TryFind target with
        | Some exposure ->
            { ledger with
                Exposures = ledger.Exposures.Remove target
                Unenforceable =
                    if exposure.Unenforceable then Amount.lacking ledger.Unenforceable exposure.Amount
                    else ledger.Unenforceable }
        | None -> ledger

    /// Nothing of it is or will be in the ledger any more: what was kept for it is free, whatever else its objective waits for.
    let releaseIfGone target (ledger: LedgerChannel) =
        if ledger.Agreed.Guarantees.ContainsKey target || isQueued target ledger then ledger else release target ledger

    let want (proposal: Proposal) (ledger: LedgerChannel) =
        { ledger with
            Wanted = ledger.Wanted.Add(ledger.NextWanted, proposal)
            WantedTargets = ledger.WantedTargets.Add proposal.Target
            NextWanted = ledger.NextWanted + 1L }

    let unwant target (ledger: LedgerChannel) =
        { ledger with
            Wanted = ledger.Wanted |> Map.filter (fun _ proposal -> proposal.Target <> target)
            WantedTargets = ledger.WantedTargets.Remove target }

    let private unwantFirst (proposal: Proposal) (ledger: LedgerChannel) =
        match ledger.Wanted.IsEmpty, ledger.WantedTargets.Contains proposal.Target with
        | false, true ->
            let key, first = Map.minKeyValue ledger.Wanted

            if first.Target = proposal.Target then
                { ledger with
                    Wanted = ledger.Wanted.Remove key
                    WantedTargets = ledger.WantedTargets.Remove proposal.Target }
            else
                unwant proposal.Target ledger
        | _ -> ledger

    /// A proposal gets its turn (leader) or is received (follower). One that cannot be applied changes nothing.
    let enqueue turn proposal hash leaderSignature (ledger: LedgerChannel) =
        match Ledger.apply proposal (proposed ledger) with
        | Error _ -> ledger
        | Ok after ->
            let queued =
                { Proposal = proposal
                  After = after
                  Hash = hash
                  LeaderSignature = leaderSignature }

            { (ledger |> unwantFirst proposal |> unreserve proposal.Target) with
                Queue = ledger.Queue.Add(turn, queued) }

    let sign turn signature (ledger: LedgerChannel) =
        { ledger with
            Queue =
                ledger.Queue
                |> Map.change turn (Option.map (fun queued -> { queued with LeaderSignature = ValueSome signature })) }

    /// Stands at a turn beyond what is known; what was on its way is part of it, or void.
    let adopt turn (agreed: LedgerOutcome) leaderSignature followerSignature (ledger: LedgerChannel) =
        let next =
            { ledger with
                Agreed = agreed
                AgreedTurn = turn
                LeaderSignature = leaderSignature
                FollowerSignature = followerSignature
                Queue = Map.empty }

        agreed.Guarantees.Keys |> Seq.fold (fun l target -> unreserve target l) next

    let drop turn (ledger: LedgerChannel) = { ledger with Queue = ledger.Queue.Remove turn }

    let private removedUpTo turn (ledger: LedgerChannel) =
        [ for KeyValue(t, queued) in ledger.Queue do
              match queued.Proposal with
              | Remove(target, _) when t <= turn -> target
              | Remove _
              | Add _ -> () ]

    /// Stands at `turn`; what was queued up to it is done.
    let agree isFollower turn followerSignature (ledger: LedgerChannel) =
        match ledger.Queue.TryFind turn with
        | Some({ LeaderSignature = ValueSome leaderSignature } as queued) ->
            let answered =
                if isFollower then
                    let oldest = if ledger.Answered.IsEmpty then turn else fst (Map.minKeyValue ledger.Answered)
                    let kept = if oldest + answersKept <= turn then ledger.Answered.Remove oldest else ledger.Answered
                    kept.Add(turn, struct (queued.Proposal, followerSignature))
                else
                    ledger.Answered

            let agreed =
                { ledger with
                    Agreed = queued.After
                    AgreedTurn = turn
                    LeaderSignature = leaderSignature
                    FollowerSignature = followerSignature
                    Queue = ledger.Queue |> Map.filter (fun t _ -> t > turn)
                    Answered = answered }

            removedUpTo turn ledger |> List.fold (fun l target -> releaseIfGone target l) agreed
        | _ -> ledger
