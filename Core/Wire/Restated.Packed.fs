namespace Nitro.Wire

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open PartsPack

/// What restates a state, packed for a snapshot, written. See `Pack` for what that is worth.
module internal RestatedPack =
    let private signed (w: PackWriter) (struct (turn, hash, party: int, signature)) =
        stateNamed w turn hash
        w.Count party
        w.Signature signature

    let private onChain (w: PackWriter) (chain: OnChain) =
        w.Amount chain.Held
        chainPosition w chain.HeldAt
        w.Amount chain.PaidOut
        chainPosition w chain.PaidAt
        w.Flag chain.Doubtful
        w.Count chain.Attempts
        w.Option(w.Instant, chain.RetryAt)
        w.Flag chain.MayConclude

    let private channel (w: PackWriter) (r: RestatedChannel) =
        terms w r.Terms
        w.Instant r.MovedAt
        w.List(variable w, r.Seen)
        w.List(signed w, r.Signed)
        w.Option(onChain w, (if r.Chain = OnChain.none then ValueNone else ValueSome r.Chain))
        w.List(told w, r.Told)

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

    let private doubt (w: PackWriter) (id: ChannelId, since: Instant) =
        w.Channel id
        w.Instant since

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
        | StaleRestated(peer, doubts) ->
            w.Byte 18uy
            w.Address peer
            w.List(doubt w, doubts)
        | RestoredRestated unasked ->
            w.Byte 19uy
            w.List(w.Address, unasked)
        | GivenUpRestated(id, peer) ->
            w.Byte 17uy
            w.Channel id
            w.Address peer
