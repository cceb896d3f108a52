namespace Nitro.Wire

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What restatements are made of, packed for a snapshot, written.
module internal PartsPack =
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

    let variable (w: PackWriter) (v: VariablePart) =
        w.List(exit w, v.Outcome)
        w.Bytes v.AppData
        w.Number v.Turn
        w.Flag v.IsFinal

    let guarantee (w: PackWriter) (g: Guarantee) =
        w.Channel g.Target
        w.Amount g.Amount
        w.Bytes32 g.Left
        w.Bytes32 g.Right

    let ledgerOutcome (w: PackWriter) (o: LedgerOutcome) =
        w.Address o.Asset
        w.Bytes32 o.Leader
        w.Amount o.LeaderBalance
        w.Bytes32 o.Follower
        w.Amount o.FollowerBalance
        w.List(guarantee w, List.ofSeq o.Guarantees.Values)

    let proposal (w: PackWriter) (p: Proposal) =
        match p with
        | Add(added, leftDeposit) ->
            w.Byte 0uy
            guarantee w added
            w.Amount leftDeposit
        | Remove(target, leftAmount) ->
            w.Byte 1uy
            w.Channel target
            w.Amount leftAmount

    let terms (w: PackWriter) (t: Terms) =
        w.Channel t.Id
        w.List(w.Address, t.Fixed.Participants)
        w.Number t.Fixed.Nonce
        w.Address t.Fixed.App
        w.Number(uint64 t.Fixed.ChallengeDuration)
        ledgerOutcome w t.Opening
        w.Count t.MyIndex
        w.Flag t.IsLedger
        w.Flag(match t.Dialect with Nitro -> false | GoNitro -> true)

    let chainPosition (w: PackWriter) (p: ChainPosition) =
        w.Number p.Height
        w.Number(uint64 p.Index)
        w.Bytes32 p.BlockHash

    let stateNamed (w: PackWriter) turn hash =
        w.Number turn
        w.Bytes32 hash

    let private objectiveState (w: PackWriter) tag objective turn hash =
        w.Byte tag
        w.Objective objective
        stateNamed w turn hash

    let ledgerTurn (w: PackWriter) tag ledger turn =
        w.Byte tag
        w.Channel ledger
        w.Number turn

    let private ofObjective (w: PackWriter) tag objective =
        w.Byte tag
        w.Objective objective

    let telling (w: PackWriter) (t: Telling) =
        match t with
        | StateOf(objective, turn, hash) -> objectiveState w 0uy objective turn hash
        | AllSignaturesOf(objective, turn, hash) -> objectiveState w 1uy objective turn hash
        | ProposalsOf(ledger, upTo) -> ledgerTurn w 2uy ledger upTo
        | AgreementOf(ledger, turn) -> ledgerTurn w 3uy ledger turn
        | VoucherOf(channel, total) ->
            w.Byte 4uy
            w.Channel channel
            w.Amount total
        | FinalStateWanted objective -> ofObjective w 5uy objective
        | RejectionOf objective -> ofObjective w 6uy objective
        | StandingWanted(objective, since) ->
            ofObjective w 7uy objective
            w.Instant since
        | StandingOf(objective, since) ->
            ofObjective w 8uy objective
            w.Option(w.Instant, since)
        | LedgersWanted -> w.Byte 9uy

    let told (w: PackWriter) (struct (peer, what)) =
        w.Address peer
        telling w what

    let intent (w: PackWriter) (i: Intent) =
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
            told w (struct (peer, what))
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

    let topic (w: PackWriter) (t: Topic) =
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
