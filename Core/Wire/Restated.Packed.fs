namespace Nitro.Wire

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What restates a state, packed for a snapshot, written. See `Pack` for what that is worth.
module internal RestatedPack =
    let private allocation (w: PackWriter) (a: Allocation) =
        w.Bytes32 a.Destination
        w.Amount a.Amount
        w.Byte a.Type
        w.Bytes a.Metadata

    let private exit (w: PackWriter) (e: AssetExit) =
        w.Address e.Asset
        w.Byte e.MetadataType
        w.Bytes e.Metadata
        w.List(allocation w, e.Allocations)

    let private variable (w: PackWriter) (v: VariablePart) =
        w.List(exit w, v.Outcome)
        w.Bytes v.AppData
        w.Number v.Turn
        w.Flag v.IsFinal

    let private guarantee (w: PackWriter) (g: Guarantee) =
        w.Channel g.Target
        w.Amount g.Amount
        w.Bytes32 g.Left
        w.Bytes32 g.Right

    let private ledgerOutcome (w: PackWriter) (o: LedgerOutcome) =
        w.Address o.Asset
        w.Bytes32 o.Leader
        w.Amount o.LeaderBalance
        w.Bytes32 o.Follower
        w.Amount o.FollowerBalance
        w.List(guarantee w, List.ofSeq o.Guarantees.Values)

    let private proposal (w: PackWriter) (p: Proposal) =
        match p with
        | Add(added, leftDeposit) ->
            w.Byte 0uy
            guarantee w added
            w.Amount leftDeposit
        | Remove(target, leftAmount) ->
            w.Byte 1uy
            w.Channel target
            w.Amount leftAmount

    let private terms (w: PackWriter) (t: Terms) =
        w.Channel t.Id
        w.List(w.Address, t.Fixed.Participants)
        w.Number t.Fixed.Nonce
        w.Address t.Fixed.App
        w.Number(uint64 t.Fixed.ChallengeDuration)
        ledgerOutcome w t.Opening
        w.Count t.MyIndex
        w.Flag t.IsLedger
        w.Flag(match t.Dialect with Nitro -> false | GoNitro -> true)

    let private chainPosition (w: PackWriter) (p: ChainPosition) =
        w.Number p.Height
        w.Number(uint64 p.Index)
        w.Bytes32 p.BlockHash

    let private stateNamed (w: PackWriter) turn hash =
        w.Number turn
        w.Bytes32 hash

    let private objectiveState (w: PackWriter) tag objective turn hash =
        w.Byte tag
        w.Objective objective
        stateNamed w turn hash

    let private ledgerTurn (w: PackWriter) tag ledger turn =
        w.Byte tag
        w.Channel ledger
        w.Number turn

    let private telling (w: PackWriter) (t: Telling) =
        match t with
        | StateOf(objective, turn, hash) -> objectiveState w 0uy objective turn hash
        | AllSignaturesOf(objective, turn, hash) -> objectiveState w 1uy objective turn hash
        | ProposalsOf(ledger, upTo) -> ledgerTurn w 2uy ledger upTo
        | AgreementOf(ledger, turn) -> ledgerTurn w 3uy ledger turn
        | VoucherOf(channel, total) ->
            w.Byte 4uy
            w.Channel channel
            w.Amount total
        | FinalStateWanted objective ->
            w.Byte 5uy
            w.Objective objective
        | RejectionOf objective ->
            w.Byte 6uy
            w.Objective objective

    let private told (w: PackWriter) (peer, what) =
        w.Address peer
        telling w what

    let private intent (w: PackWriter) (i: Intent) =
        match i with
        | SignPayload(OwnState(channel, turn, hash)) ->
            w.Byte 0uy
            w.Channel channel
            stateNamed w turn hash
        | SignPayload(LedgerUpdate(ledger, turn, hash)) ->
            w.Byte 1uy
            w.Channel ledger
            stateNamed w turn hash
        | SignPayload(PaymentVoucher(channel, total)) ->
            w.Byte 2uy
            w.Channel channel
            w.Amount total
        | Tell(peer, what) ->
            w.Byte 3uy
            told w (peer, what)
        | SubmitCall(Deposit(channel, expectedHeld, amount)) ->
            w.Byte 4uy
            w.Channel channel
            w.Amount expectedHeld
            w.Amount amount
        | SubmitCall(ConcludeAndTransfer channel) ->
            w.Byte 5uy
            w.Channel channel
        | SubmitCall(ReadHoldings channel) ->
            w.Byte 6uy
            w.Channel channel

    let private topic (w: PackWriter) (t: Topic) =
        match t with
        | OpeningDeadline objective ->
            w.Byte 0uy
            w.Objective objective
        | Retelling peer ->
            w.Byte 1uy
            w.Address peer
        | ChainRetry channel ->
            w.Byte 2uy
            w.Channel channel
        | ConcludeInstead channel ->
            w.Byte 3uy
            w.Channel channel

    let private signed (w: PackWriter) (struct (turn, hash, party: int, signature)) =
        stateNamed w turn hash
        w.Count party
        w.Signature signature

    let private channel (w: PackWriter) (r: RestatedChannel) =
        terms w r.Terms
        w.Instant r.MovedAt
        w.List(variable w, r.Seen)
        w.List(signed w, r.Signed)
        w.Amount r.Held
        chainPosition w r.HeldAt
        w.Amount r.PaidOut
        chainPosition w r.PaidAt
        w.Flag r.Doubtful
        w.List(told w, r.Told)
        w.Count r.ChainAttempts
        w.Option(w.Instant, r.ChainRetryAt)
        w.Flag r.MayConclude

    let private reserved (w: PackWriter) (struct (leader, follower)) =
        w.Amount leader
        w.Amount follower

    let private exposure (w: PackWriter) (e: Exposure) =
        w.Amount e.Amount
        w.Flag e.Unenforceable
        w.Flag e.Locked
        w.Option(reserved w, e.Reserved)

    let private payments (w: PackWriter) (p: RestatedPayments) =
        w.Amount p.Issued
        w.Option(w.Signature, p.IssuedSignature)
        w.Flag p.IssuedToTell
        w.Amount p.Best
        w.Option(w.Signature, p.BestSignature)
        w.Signed p.NextPending

    let private kind (w: PackWriter) (kind: PaymentKind) = w.Flag(match kind with Sent -> false | HandedOut -> true)

    let private goal (w: PackWriter) (g: Goal) =
        w.Objective(Goal.id g)

        match g with
        | DirectFund _
        | DirectDefund _ -> ()
        | VirtualFund(_, left, right)
        | VirtualDefund(_, left, right) ->
            w.Option(w.Channel, left)
            w.Option(w.Channel, right)

    let private ending (w: PackWriter) (e: Ending) =
        match e with
        | Completed -> w.Byte 0uy
        | Rejected reason ->
            w.Byte 1uy
            w.Text reason

    let private objective (w: PackWriter) (o: ObjectiveRecord) =
        goal w o.Goal
        w.Option(w.Address, (match o.Origin with OwnRequest -> ValueNone | Peer address -> ValueSome address))
        w.Instant o.Opened
        w.Option(w.Instant, o.Deadline)
        w.Flag o.Approved
        w.Option(w.Text, o.Undoing)
        w.Option(ending w, o.Ending)

    let private result (w: PackWriter) (r: RequestResult) =
        match r with
        | Bound objective ->
            w.Byte 0uy
            w.Objective objective
        | Payment(channel, amount, total, paymentKind, voucher) ->
            w.Byte 1uy
            w.Channel channel
            w.Amount amount
            w.Amount total
            kind w paymentKind
            w.Option(w.Signature, voucher)
        | PaymentFailed(channel, tag) ->
            w.Byte 2uy
            w.Channel channel
            w.Text tag

    let write (w: PackWriter) (thing: Restatement) =
        match thing with
        | ChannelRestated r ->
            w.Byte 0uy
            channel w r
        | LedgerRestated(ledger, agreed, turn, leaderSignature, followerSignature, nextWanted) ->
            w.Byte 1uy
            w.Channel ledger
            ledgerOutcome w agreed
            w.Number turn
            w.Signature leaderSignature
            w.Signature followerSignature
            w.Signed nextWanted
        | GuaranteeRestated(ledger, found) ->
            w.Byte 2uy
            w.Channel ledger
            guarantee w found
        | QueuedRestated(ledger, turn, queued, hash, leaderSignature) ->
            ledgerTurn w 3uy ledger turn
            proposal w queued
            w.Bytes32 hash
            w.Option(w.Signature, leaderSignature)
        | WantedRestated(ledger, key, wanted) ->
            w.Byte 4uy
            w.Channel ledger
            w.Signed key
            proposal w wanted
        | ExposureRestated(ledger, target, found) ->
            w.Byte 5uy
            w.Channel ledger
            w.Channel target
            exposure w found
        | AnsweredRestated(ledger, turn, answered, signature) ->
            ledgerTurn w 6uy ledger turn
            proposal w answered
            w.Signature signature
        | PaymentsRestated(id, found) ->
            w.Byte 7uy
            w.Channel id
            payments w found
        | PendingRestated(id, key, RequestId request, amount, paymentKind) ->
            w.Byte 8uy
            w.Channel id
            w.Signed key
            w.Text request
            w.Amount amount
            kind w paymentKind
        | ObjectiveRestated record ->
            w.Byte 9uy
            objective w record
        | PeerRestated(peer, refused, retellSeconds, retellAt, retoldUpTo) ->
            w.Byte 10uy
            w.Address peer
            w.List(w.Objective, refused)
            w.Signed retellSeconds
            w.Option(w.Instant, retellAt)
            w.Option(w.Objective, retoldUpTo)
        | RequestRestated(RequestId request, content, at, found) ->
            w.Byte 11uy
            w.Text request
            w.Bytes32 content
            w.Instant at
            result w found
        | EndedRestated(position, id) ->
            w.Byte 12uy
            w.Signed position
            w.Channel id
        | TombstonesRestated ids ->
            w.Byte 13uy
            w.List(w.Channel, ids)
        | LedgerListed(peer, asset, ledger) ->
            w.Byte 14uy
            w.Address peer
            w.Address asset
            w.Channel ledger
        | IntentRestated(EffectId effect, found) ->
            w.Byte 15uy
            w.Signed effect
            intent w found
        | WakeRestated(due, found) ->
            w.Byte 16uy
            w.Instant due
            topic w found
        | GivenUpRestated(id, peer) ->
            w.Byte 17uy
            w.Channel id
            w.Address peer
