namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// What to sign, by name: the body is rebuilt from NodeState when the request leaves.
type internal Signing =
    | OwnState of channel: ChannelId * turn: TurnNumber * hash: Bytes32
    | LedgerUpdate of ledger: ChannelId * turn: TurnNumber * hash: Bytes32
    | PaymentVoucher of channel: ChannelId * total: Amount

/// What to tell a peer, by name.
type internal Telling =
    /// Our signature on a state, as part of an objective.
    | StateOf of objective: ObjectiveId * turn: TurnNumber * hash: Bytes32
    /// Every signature we hold on a state: for a peer that says it once more after the objective has ended here.
    | AllSignaturesOf of objective: ObjectiveId * turn: TurnNumber * hash: Bytes32
    /// All proposals not yet countersigned, up to a turn.
    | ProposalsOf of ledger: ChannelId * upTo: TurnNumber
    /// Our countersignature as follower.
    | AgreementOf of ledger: ChannelId * turn: TurnNumber
    | VoucherOf of channel: ChannelId * total: Amount
    /// Asks the side that signs first for the final state.
    | FinalStateWanted of objective: ObjectiveId
    | RejectionOf of objective: ObjectiveId
    /// Asks, after our journal was restored, for all that the peer holds of the channel; `since` when it is in doubt for us.
    | StandingWanted of objective: ObjectiveId * since: Instant
    /// All that we hold of the channel: for a peer that has lost what came after an older copy of its journal. `since` as it has asked, if it has.
    | StandingOf of objective: ObjectiveId * since: Instant voption
    /// Asks, after our journal was restored, for all ledgers that the peer has with us: of some we may know nothing.
    | LedgersWanted

/// What to do on chain.
type internal ChainCall =
    | Deposit of channel: ChannelId * expectedHeld: Amount * amount: Amount
    | ConcludeAndTransfer of channel: ChannelId
    /// Reads the holdings at the newest final block.
    | ReadHoldings of channel: ChannelId

/// A need that the node has promised, in its journal, to act on. Two equal intents are the same promise.
type internal Intent =
    | SignPayload of Signing
    | Tell of peer: Address * telling: Telling
    | SubmitCall of ChainCall

/// Intents of one slot replace each other: only the newest matters.
type internal Slot =
    | ProposalsSlot of ledger: ChannelId
    | VoucherSlot of channel: ChannelId
    | HoldingsSlot of channel: ChannelId
    /// At most one voucher of a channel is being signed.
    | VoucherSigningSlot of channel: ChannelId
    /// So many peers wait at one time to be asked for their ledgers, whoever may turn up: one to the last two bytes of an address.
    | AskingSlot of uint16

module internal Intent =
    let slot intent =
        match intent with
        | Tell(_, ProposalsOf(ledger, _)) -> ValueSome(ProposalsSlot ledger)
        | Tell(_, VoucherOf(channel, _)) -> ValueSome(VoucherSlot channel)
        | SubmitCall(Deposit(channel, _, _)) -> ValueSome(HoldingsSlot channel)
        | SignPayload(PaymentVoucher(channel, _)) -> ValueSome(VoucherSigningSlot channel)
        | Tell(peer, LedgersWanted) -> ValueSome(AskingSlot(uint16 peer.Low))
        | Tell(_, (StateOf _ | AllSignaturesOf _ | AgreementOf _ | FinalStateWanted _ | RejectionOf _ | StandingWanted _ | StandingOf _))
        | SubmitCall(ConcludeAndTransfer _ | ReadHoldings _)
        | SignPayload(OwnState _ | LedgerUpdate _) -> ValueNone

    /// The ledger that a call is for.
    let ledger call =
        match call with
        | Deposit(channel, _, _)
        | ConcludeAndTransfer channel
        | ReadHoldings channel -> channel

    /// The channel that a message is about, where it is about one.
    let topic telling =
        match telling with
        | ProposalsOf(channel, _)
        | AgreementOf(channel, _)
        | VoucherOf(channel, _) -> ValueSome channel
        | StateOf(objective, _, _)
        | AllSignaturesOf(objective, _, _)
        | FinalStateWanted objective
        | RejectionOf objective
        | StandingWanted(objective, _)
        | StandingOf(objective, _) -> ValueSome objective.Channel
        | LedgersWanted -> ValueNone

    /// The channel whose objectives care about the outcome.
    let channel intent =
        match intent with
        | SignPayload(OwnState(channel, _, _))
        | SignPayload(LedgerUpdate(channel, _, _))
        | SignPayload(PaymentVoucher(channel, _)) -> ValueSome channel
        | Tell(_, telling) -> topic telling
        | SubmitCall call -> ValueSome(ledger call)

/// What became of an effect.
type internal Finish =
    | Kept
    | Refused of tag: string
    /// A newer intent of the same slot took its place, or what it was for is over.
    | Superseded
