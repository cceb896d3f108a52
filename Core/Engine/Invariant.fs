namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Objectives

/// What must hold of a NodeState after every step. A finding is a bug of ours, in words; none means that all is well.
module internal Invariant =
    let private sumBy (amounts: seq<Amount>) = amounts |> Seq.sumBy (fun amount -> amount.Value)

    /// The text is made only of what is wrong: a simulator asks this at every step.
    let private check condition (text: unit -> string) = if condition then [] else [ text () ]

    // Ledgers

    let private allIn (outcome: LedgerOutcome) =
        outcome.LeaderBalance.Value + outcome.FollowerBalance.Value + sumBy (outcome.Guarantees.Values |> Seq.map (fun g -> g.Amount))

    let private reservedOf pick (ledger: LedgerChannel) =
        ledger.Exposures.Values
        |> Seq.map (fun exposure ->
            match exposure.Reserved with
            | ValueSome both -> pick both
            | ValueNone -> Amount.zero)
        |> sumBy

    let private exposed filter (ledger: LedgerChannel) =
        ledger.Exposures.Values |> Seq.filter filter |> Seq.map (fun exposure -> exposure.Amount) |> sumBy

    let private ledger (channel: Channel) (ledger: LedgerChannel) =
        let id = channel.Terms.Id
        let total = channel.Terms.Total.Value
        let turns = ledger.Queue.Keys |> Seq.toList
        let last = LedgerChannel.lastTurn ledger
        let leads = Channel.isLeader channel

        let unsigned =
            [ for KeyValue(turn, queued) in ledger.Queue do
                  if queued.LeaderSignature.IsNone then turn ]

        [ yield! check (allIn ledger.Agreed = total) (fun () -> $"{id}: what is agreed does not add up to {total}")
          for KeyValue(turn, queued) in ledger.Queue do
              yield! check (allIn queued.After = total) (fun () -> $"{id}: turn {turn} does not add up to {total}")
          yield! check (turns = [ for i in 1..turns.Length -> ledger.AgreedTurn + uint64 i ]) (fun () -> $"{id}: the queue has gaps")
          yield! check (unsigned.IsEmpty || (leads && unsigned = [ last ])) (fun () -> $"{id}: unsigned proposals {unsigned}")
          yield! check (reservedOf (fun struct (l, _) -> l) ledger = ledger.ReservedLeader.Value) (fun () -> $"{id}: reserved by the leader")
          yield! check (reservedOf (fun struct (_, f) -> f) ledger = ledger.ReservedFollower.Value) (fun () -> $"{id}: reserved by the follower")
          yield! check (exposed (fun e -> e.Locked) ledger = ledger.Locked.Value) (fun () -> $"{id}: locked")
          yield! check (exposed (fun e -> e.Unenforceable) ledger = ledger.Unenforceable.Value) (fun () -> $"{id}: unenforceable")
          yield!
              check
                  (ledger.Wanted.Count = ledger.WantedTargets.Count
                   && ledger.Wanted.Values |> Seq.forall (fun proposal -> ledger.WantedTargets.Contains proposal.Target))
                  (fun () -> $"{id}: wanted proposals and their targets differ")
          yield! check (leads || ledger.Wanted.IsEmpty) (fun () -> $"{id}: a follower wants to propose") ]

    // Payments

    let private payments (channel: Channel) (payments: Payments) =
        let id = channel.Terms.Id
        let pending = payments.Pending.Values |> Seq.toList
        let totals = pending |> List.scan (fun total p -> total + p.Amount.Value) payments.Issued.Value

        [ yield! check (payments.Reserved <= payments.Start) (fun () -> $"{id}: more is promised than the payer has")
          yield! check (payments.Best <= payments.Start) (fun () -> $"{id}: a voucher above the deposit counted")
          yield! check (List.tail totals = [ for p in pending -> p.Total.Value ]) (fun () -> $"{id}: pending totals do not add up")
          yield! check (List.last totals = payments.Reserved.Value) (fun () -> $"{id}: reserved is not issued and pending")
          yield! check ((pending |> List.filter (fun p -> p.Kind = HandedOut)).Length = payments.HandedOutPending) (fun () -> $"{id}: handed out") ]

    /// Money: where our post-fund is out and no final state of ours, every ledger of ours carries the guarantee; unless it was given
    /// back, by an intermediary on its paying side first.
    let private covered (state: NodeState) (channel: Channel) =
        let id = channel.Terms.Id

        match NodeState.objective { Kind = VirtualFunding; Channel = id } state with
        | ValueSome record when
            Channel.hasSigned Turn.postFund channel
            && (Channel.ownFinal channel).IsNone
            && not (GivingBack.isGivenBack channel state)
            // Until the peers have told, one ledger may know of a closing that the channel does not.
            && not (NodeState.isStale channel state)
            ->
            let isClosing = (NodeState.objective { Kind = VirtualDefunding; Channel = id } state).IsSome
            let mayLack ledger = isClosing && GivingBack.isOver ledger channel state

            [ for ledger in Goal.ledgers record.Goal do
                  match NodeState.channel ledger state with
                  | ValueSome { Ledger = ValueSome l } ->
                      yield! check (l.Agreed.Guarantees.ContainsKey id || mayLack ledger) (fun () -> $"{id}: post-fund signed, no final state, no guarantee in {ledger}")
                  | _ -> $"{id}: its ledger {ledger} is not open" ]
        | _ -> []

    let private channel (state: NodeState) (channel: Channel) =
        [ match channel.Ledger with
          | ValueSome l -> yield! ledger channel l
          | ValueNone -> ()
          match channel.Payments with
          | ValueSome p ->
              yield! payments channel p
              yield! covered state channel
          | ValueNone -> ()
          for seen in Seq.collect id channel.States.Values do
              for KeyValue(party, _) in seen.Signatures do
                  let signed = Channel.at seen.Variable.Turn channel |> List.filter (fun s -> s.Signatures.ContainsKey party)
                  yield! check (signed.Length = 1) (fun () -> $"{channel.Terms.Id}: party {party} stands under two states of turn {seen.Variable.Turn}") ]

    // Promises

    let private canBeRebuilt (settings: Settings) (state: NodeState) intent =
        match intent with
        | SignPayload signing -> (Outgoing.payload state signing).IsSome
        | Tell(_, telling) -> (Outgoing.message settings state telling).IsSome
        | SubmitCall call -> (NodeState.channel (Intent.ledger call) state).IsSome

    let private outbox (settings: Settings) (state: NodeState) =
        let box = state.Outbox
        let unfinished = Outbox.unfinished box

        let perPeer =
            unfinished
            |> Seq.choose (fun (struct (_, intent)) -> match intent with Tell(peer, _) -> Some peer | SignPayload _ | SubmitCall _ -> None)
            |> Seq.countBy id
            |> Seq.toList

        [ yield! check (Table.count box.Keys = Outbox.count box) (fun () -> "two unfinished intents have one key")
          for struct (EffectId position, intent) in unfinished do
              yield! check (Table.tryFind intent box.Keys = ValueSome position) (fun () -> $"intent {position} is not under its key")
              yield! check (canBeRebuilt settings state intent) (fun () -> $"intent {position} cannot be rebuilt: {intent}")

              match Intent.slot intent with
              | ValueSome slot -> yield! check (Table.tryFind slot box.Slots = ValueSome position) (fun () -> $"two intents in slot {slot}")
              | ValueNone -> ()
          for struct (slot, position) in Table.toSeq box.Slots do
              yield! check (Table.containsKey position box.Unfinished) (fun () -> $"slot {slot} names a finished intent")
          for about, count in unfinished |> Seq.countBy (fun (struct (_, intent)) -> Intent.channel intent) do
              match about with
              | ValueSome id -> yield! check (Table.tryFind id box.PerChannel = ValueSome count) (fun () -> $"unfinished intents about {id}")
              | ValueNone -> ()
          yield! check (perPeer.Length = Table.count box.PerPeer) (fun () -> "peers with unfinished messages")
          for peer, count in perPeer do
              yield! check (Outbox.peerCount peer box = count) (fun () -> $"unfinished messages to {peer}") ]

    // Objectives and wake-ups

    let private objectives (state: NodeState) =
        let running = state.Objectives.Items.Values |> Seq.filter (fun record -> record.Ending.IsNone) |> Seq.toList

        let parties (record: ObjectiveRecord) =
            match NodeState.channel (Goal.id record.Goal).Channel state with
            | ValueSome c -> c.Terms.Others
            | ValueNone -> []

        let byPeer =
            running
            |> List.collect (fun record -> parties record |> List.map (fun peer -> peer, record))
            |> List.groupBy fst

        [ yield! check (state.OpenCount = running.Length) (fun () -> "the count of open objectives")
          for peer, records in byPeer do
              let record = NodeState.peer peer state
              let ids = records |> List.map (fun (_, r) -> Goal.id r.Goal) |> Set.ofList
              let unapproved = records |> List.filter (fun (_, r) -> r.Origin = Peer peer && not r.Approved)
              yield! check (record.Open = ids) (fun () -> $"open objectives of {peer}")
              yield! check (record.Unapproved = unapproved.Length) (fun () -> $"unapproved objectives of {peer}")
          for struct (peer, record) in Table.toSeq state.Peers do
              yield! check (record.Open.IsEmpty || byPeer |> List.exists (fun (who, _) -> who = peer)) (fun () -> $"{peer} has ended objectives open")
          for struct (peer, record) in Table.toSeq state.Peers do
              yield! check (not record.Unasked || Table.containsKey peer state.Ledgers) (fun () -> $"{peer} is to be asked for ledgers, and has none")
          for struct (peer, ledgers) in Table.toSeq state.Ledgers do
              yield! check (not ledgers.IsEmpty) (fun () -> $"{peer} is listed with no ledger")
              for KeyValue(asset, id) in ledgers do
                  match NodeState.channel id state with
                  | ValueSome c ->
                      yield! check (c.Terms.IsLedger && Channel.counterparty c = peer && c.Terms.Opening.Asset = asset) (fun () -> $"ledger {id} is filed wrongly")
                  | ValueNone -> $"ledger {id} is unknown" ]

    let private wakes (state: NodeState) =
        [ for at, topic in state.Wakes do
              let stands =
                  match topic with
                  | OpeningDeadline id ->
                      (match NodeState.openObjective id state with
                       | ValueSome record -> record.Deadline = ValueSome at
                       | ValueNone -> false)
                  | Retelling peer -> (NodeState.peer peer state).RetellAt = ValueSome at
                  | ChainRetry id -> NodeState.channel id state |> ValueOption.exists (fun c -> c.Chain.RetryAt = ValueSome at)
                  | ConcludeInstead id -> NodeState.channel id state |> ValueOption.exists (fun c -> (Channel.completeFinal c).IsSome)

              yield! check stands (fun () -> $"a wake-up for nothing: {topic}")
          for struct (peer, record) in Table.toSeq state.Peers do
              match record.RetellAt with
              | ValueSome due -> yield! check (state.Wakes.Contains((due, Retelling peer))) (fun () -> $"no wake-up to tell {peer} again")
              | ValueNone -> ()
          for struct (id, channel) in Table.toSeq state.Channels do
              match channel.Chain.RetryAt with
              | ValueSome due -> yield! check (state.Wakes.Contains((due, ChainRetry id))) (fun () -> $"no wake-up to try {id} again")
              | ValueNone -> () ]

    /// The need is promised, awaited from outside, or due at a time.
    let private isLookedAfter (settings: Settings) (state: NodeState) need =
        let promised intent = Outbox.isUnfinished intent state.Outbox

        match need with
        | OwnSignature(id, turn, hash) -> promised (SignPayload(OwnState(id, turn, hash)))
        | OwnFinalState(id, variable) -> promised (SignPayload(OwnState(id, variable.Turn, State.hash id variable)))
        | Told(peer, telling) ->
            let intent = Tell(peer, telling)

            promised intent
            || Intent.topic telling
               |> ValueOption.bind (fun id -> NodeState.channel id state)
               |> ValueOption.exists (fun c -> List.contains (struct (peer, telling)) c.Told)
        | Proposed(ledger, proposal) ->
            (match NodeState.channel ledger state with
             | ValueSome { Ledger = ValueSome l } -> l.WantedTargets.Contains proposal.Target
             | _ -> false)
        | Countersignature(ledger, turn, hash) -> promised (SignPayload(LedgerUpdate(ledger, turn, hash)))
        | ChainCalled call -> promised (SubmitCall call)
        | Before due -> state.Wakes |> Set.exists (fun (at, _) -> at = due)
        | LedgerChange id ->
            // Somebody must be at work: we as leader, or the other side.
            (match NodeState.channel id state with
             | ValueSome({ Ledger = ValueSome l } as c) when Channel.isLeader c && not l.Wanted.IsEmpty ->
                 LedgerChannel.hasUnsigned l
                 || l.Queue.Count >= settings.Limits.ProposalsInFlight
                 || c.Chain.Doubtful
                 || c.Chain.RetryAt.IsSome
                 || NodeState.isStale c state
             | _ -> true)
        | VouchersSettled id -> promised (SignPayload(PaymentVoucher(id, Amount.zero))) || Table.containsKey (VoucherSigningSlot id) state.Outbox.Slots
        | PeerSignature _
        | Holdings _ -> true

    let private atRest (settings: Settings) (state: NodeState) =
        [ for record in state.Objectives.Items.Values do
              if record.Ending.IsNone && record.Approved then
                  match Objective.advance { State = state; Settings = settings } record with
                  | Done _ -> $"{Goal.id record.Goal} is done but open"
                  | Abandon reason -> $"{Goal.id record.Goal} is lost but open: {reason}"
                  | Waiting(label, needs) ->
                      for need in needs do
                          yield! check (isLookedAfter settings state need) (fun () -> $"{Goal.id record.Goal} ({label}): nobody looks after {need}") ]

    let violations (settings: Settings) (state: NodeState) : string list =
        [ for c in state.Channels.Items.Values do
              yield! channel state c
          yield! outbox settings state
          yield! objectives state
          yield! wakes state
          yield! atRest settings state ]
