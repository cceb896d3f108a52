namespace Nitro.Wire

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What restates a state, packed for a snapshot, read. Nothing of it may be used where the reader says that something is wrong.
module internal RestatedUnpack =
    // Fields are read in the order in which they are written here.

    let private allocation (r: PackReader) () : Allocation =
        { Destination = r.Bytes32()
          Amount = r.Amount()
          Type = r.Byte()
          Metadata = r.Bytes() }

    let private exit (r: PackReader) () : AssetExit =
        { Asset = r.Address()
          MetadataType = r.Byte()
          Metadata = r.Bytes()
          Allocations = r.List(allocation r) }

    let private variable (r: PackReader) () : VariablePart =
        { Outcome = r.List(exit r)
          AppData = r.Bytes()
          Turn = r.Number()
          IsFinal = r.Flag() }

    let private guarantee (r: PackReader) () : Guarantee =
        { Target = r.Channel()
          Amount = r.Amount()
          Left = r.Bytes32()
          Right = r.Bytes32() }

    let private ledgerOutcome (r: PackReader) : LedgerOutcome =
        { Asset = r.Address()
          Leader = r.Bytes32()
          LeaderBalance = r.Amount()
          Follower = r.Bytes32()
          FollowerBalance = r.Amount()
          Guarantees = r.List(guarantee r) |> List.map (fun found -> found.Target, found) |> Map.ofList }

    let private proposal (r: PackReader) : Proposal =
        match r.Tag 2 with
        | 0 ->
            let added = guarantee r ()
            Add(added, r.Amount())
        | _ ->
            let target = r.Channel()
            Remove(target, r.Amount())

    let private fixedPart (r: PackReader) : FixedPart =
        { Participants = r.List r.Address
          Nonce = r.Number()
          App = r.Address()
          ChallengeDuration = uint32 (r.Number()) }

    let private terms (r: PackReader) : Terms =
        let terms =
            { Id = r.Channel()
              Fixed = fixedPart r
              Opening = ledgerOutcome r
              MyIndex = r.Count()
              IsLedger = r.Flag()
              Dialect = if r.Flag() then GoNitro else Nitro }

        // What everything takes for granted that is computed from terms. Their id is not hashed again.
        if terms.MyIndex >= terms.Parties.Length || List.forall (fun party -> party = terms.Me) terms.Parties then r.Refuse "a channel has somebody besides ourselves"
        terms

    let private chainPosition (r: PackReader) : ChainPosition =
        { Height = r.Number()
          Index = uint32 (r.Number())
          BlockHash = r.Bytes32() }

    let private objectiveState (r: PackReader) make : Telling =
        let objective = r.Objective()
        let turn = r.Number()
        make (objective, turn, r.Bytes32())

    let private telling (r: PackReader) : Telling =
        match r.Tag 10 with
        | 0 -> objectiveState r StateOf
        | 1 -> objectiveState r AllSignaturesOf
        | 2 ->
            let ledger = r.Channel()
            ProposalsOf(ledger, r.Number())
        | 3 ->
            let ledger = r.Channel()
            AgreementOf(ledger, r.Number())
        | 4 ->
            let channel = r.Channel()
            VoucherOf(channel, r.Amount())
        | 5 -> FinalStateWanted(r.Objective())
        | 6 -> RejectionOf(r.Objective())
        | 7 ->
            let objective = r.Objective()
            StandingWanted(objective, r.Instant())
        | 8 ->
            let objective = r.Objective()
            StandingOf(objective, r.Option r.Instant)
        | _ -> LedgersWanted

    let private told (r: PackReader) () : struct (Address * Telling) =
        let peer = r.Address()
        struct (peer, telling r)

    let private stateToSign (r: PackReader) make : Intent =
        let channel = r.Channel()
        let turn = r.Number()
        SignPayload(make (channel, turn, r.Bytes32()))

    let private intent (r: PackReader) : Intent =
        match r.Tag 7 with
        | 0 -> stateToSign r OwnState
        | 1 -> stateToSign r LedgerUpdate
        | 2 ->
            let channel = r.Channel()
            SignPayload(PaymentVoucher(channel, r.Amount()))
        | 3 -> (let struct (peer, telling) = told r () in Tell(peer, telling))
        | 4 ->
            let channel = r.Channel()
            let expectedHeld = r.Amount()
            SubmitCall(Deposit(channel, expectedHeld, r.Amount()))
        | 5 -> SubmitCall(ConcludeAndTransfer(r.Channel()))
        | _ -> SubmitCall(ReadHoldings(r.Channel()))

    let private topic (r: PackReader) : Topic =
        match r.Tag 4 with
        | 0 -> OpeningDeadline(r.Objective())
        | 1 -> Retelling(r.Address())
        | 2 -> ChainRetry(r.Channel())
        | _ -> ConcludeInstead(r.Channel())

    let private signed (r: PackReader) () =
        let turn = r.Number()
        let hash = r.Bytes32()
        let party = r.Count()
        struct (turn, hash, party, r.Signature())

    let private onChain (r: PackReader) () : OnChain =
        { Held = r.Amount()
          HeldAt = chainPosition r
          PaidOut = r.Amount()
          PaidAt = chainPosition r
          Doubtful = r.Flag()
          Attempts = r.Count()
          RetryAt = r.Option r.Instant
          MayConclude = r.Flag() }

    let private channel (r: PackReader) : RestatedChannel =
        let channelTerms = terms r
        let movedAt = r.Instant()
        let seen = r.List(variable r)
        let signatures = r.List(signed r)

        let shown = r.Option(onChain r)

        { Terms = channelTerms
          MovedAt = movedAt
          Seen = seen
          Signed = signatures
          Told = r.List(told r)
          Chain = ValueOption.defaultValue OnChain.none shown }

    let private reserved (r: PackReader) () =
        let leader = r.Amount()
        struct (leader, r.Amount())

    let private exposure (r: PackReader) : Exposure =
        { Amount = r.Amount()
          Unenforceable = r.Flag()
          Locked = r.Flag()
          Reserved = r.Option(reserved r) }

    let private payments (r: PackReader) : RestatedPayments =
        { Issued = r.Amount()
          IssuedSignature = r.Option r.Signature
          IssuedToTell = r.Flag()
          Best = r.Amount()
          BestSignature = r.Option r.Signature
          NextPending = r.Signed() }

    let private kind (r: PackReader) = if r.Flag() then HandedOut else Sent

    let private goal (r: PackReader) : Goal =
        let id = r.Objective()

        let virtualGoal make =
            let left = r.Option r.Channel
            make (id.Channel, left, r.Option r.Channel)

        match id.Kind with
        | DirectFunding -> DirectFund id.Channel
        | DirectDefunding -> DirectDefund id.Channel
        | VirtualFunding -> virtualGoal VirtualFund
        | VirtualDefunding -> virtualGoal VirtualDefund

    let private ending (r: PackReader) () : Ending = if r.Flag() then Rejected(r.Text()) else Completed

    let private origin (r: PackReader) : Origin =
        match r.Option r.Address with
        | ValueSome peer -> Peer peer
        | ValueNone -> OwnRequest

    let private objective (r: PackReader) : ObjectiveRecord =
        { Goal = goal r
          Origin = origin r
          Opened = r.Instant()
          Deadline = r.Option r.Instant
          Approved = r.Flag()
          Undoing = r.Option r.Text
          Ending = r.Option(ending r) }

    let private result (r: PackReader) : RequestResult =
        match r.Tag 3 with
        | 0 -> Bound(r.Objective())
        | 1 ->
            let channel = r.Channel()
            let amount = r.Amount()
            let total = r.Amount()
            let paymentKind = kind r
            Payment(channel, amount, total, paymentKind, r.Option r.Signature)
        | _ ->
            let channel = r.Channel()
            PaymentFailed(channel, r.Text())

    let private ofLedger (r: PackReader) (tag: int) : Restatement =
        let ledger = r.Channel()

        match tag with
        | 1 ->
            let agreed = ledgerOutcome r
            let turn = r.Number()
            let leaderSignature = r.Signature()
            let followerSignature = r.Signature()
            LedgerRestated(ledger, agreed, turn, leaderSignature, followerSignature, r.Signed())
        | 2 -> GuaranteeRestated(ledger, guarantee r ())
        | 3 ->
            let turn = r.Number()
            let queued = proposal r
            let hash = r.Bytes32()
            QueuedRestated(ledger, turn, queued, hash, r.Option r.Signature)
        | 4 ->
            let key = r.Signed()
            WantedRestated(ledger, key, proposal r)
        | 5 ->
            let target = r.Channel()
            ExposureRestated(ledger, target, exposure r)
        | _ ->
            let turn = r.Number()
            let answered = proposal r
            AnsweredRestated(ledger, turn, answered, r.Signature())

    let private pending (r: PackReader) : Restatement =
        let id = r.Channel()
        let key = r.Signed()
        let request = RequestId(r.Text())
        let amount = r.Amount()
        PendingRestated(id, key, request, amount, kind r)

    let private peer (r: PackReader) : Restatement =
        let peer = r.Address()
        let refused = r.List r.Objective
        let retellSeconds = r.Signed()
        let retellAt = r.Option r.Instant
        PeerRestated(peer, refused, retellSeconds, retellAt, r.Option r.Objective)

    let private request (r: PackReader) : Restatement =
        let request = RequestId(r.Text())
        let content = r.Bytes32()
        let at = r.Instant()
        RequestRestated(request, content, at, result r)

    let private doubt (r: PackReader) () : ChannelId * Instant =
        let id = r.Channel()
        id, r.Instant()

    let private listed (r: PackReader) : Restatement =
        let peer = r.Address()
        let asset = r.Address()
        LedgerListed(peer, asset, r.Channel())

    let read (r: PackReader) : Restatement =
        match r.Tag 20 with
        | 0 -> ChannelRestated(channel r)
        | 7 ->
            let id = r.Channel()
            PaymentsRestated(id, payments r)
        | 8 -> pending r
        | 9 -> ObjectiveRestated(objective r)
        | 10 -> peer r
        | 11 -> request r
        | 12 ->
            let position = r.Signed()
            EndedRestated(position, r.Channel())
        | 13 -> TombstonesRestated(r.List r.Channel)
        | 14 -> listed r
        | 15 ->
            let effect = EffectId(r.Signed())
            IntentRestated(effect, intent r)
        | 16 ->
            let due = r.Instant()
            WakeRestated(due, topic r)
        | 17 ->
            let id = r.Channel()
            GivenUpRestated(id, r.Address())
        | 18 ->
            let peer = r.Address()
            StaleRestated(peer, r.List(doubt r))
        | 19 -> RestoredRestated(r.List r.Address)
        | tag -> ofLedger r tag
