namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// Where on the chain something was seen; orders observations of one channel.
type internal ChainPosition =
    { Height: Height
      /// Log index within the block; the largest for what was read at the block's end.
      Index: uint32
      BlockHash: Bytes32 }

module internal ChainPosition =
    let start = { Height = 0UL; Index = 0u; BlockHash = Bytes32.zero }
    let isAfter (earlier: ChainPosition) (later: ChainPosition) =
        later.Height > earlier.Height || (later.Height = earlier.Height && later.Index > earlier.Index)

/// How the payer hands a payment over.
[<Struct>]
type internal PaymentKind =
    /// The node tells the payee; may be covered by a later, larger voucher.
    | Sent
    /// `create_voucher`: the caller gets a voucher of exactly this total and delivers it.
    | HandedOut

/// Why a wake-up is due.
type internal Topic =
    | OpeningDeadline of ObjectiveId
    /// Unmet needs whose telling was taken are told again.
    | Retelling of Address
    /// A refused chain call may be tried again.
    | ChainRetry of ChannelId
    /// The other side should have concluded by now.
    | ConcludeInstead of ChannelId

/// Everything a node remembers. The journal is these, in order, and nothing else.
type internal Fact =
    | RequestBound of request: RequestId * content: Bytes32 * objective: ObjectiveId
    | PaymentReserved of request: RequestId * content: Bytes32 * channel: ChannelId * amount: Amount * kind: PaymentKind
    | PaymentRefused of request: RequestId * channel: ChannelId * tag: string
    | ObjectiveOpened of goal: Goal * origin: Origin * deadline: Instant voption
    | GoalApproved of ObjectiveId
    /// A half-open virtual channel is being taken back; the reason is the one its objective ends with.
    | OpeningUndone of objective: ObjectiveId * reason: string
    | ObjectiveEnded of objective: ObjectiveId * ending: Ending
    | ChannelAdded of Terms
    | StateSeen of channel: ChannelId * variable: VariablePart
    | StateSigned of channel: ChannelId * turn: TurnNumber * hash: Bytes32 * party: int * signature: Signature
    | ProposalWanted of ledger: ChannelId * proposal: Proposal
    | ProposalUnwanted of ledger: ChannelId * target: ChannelId
    /// The leader gives a wanted proposal its turn; its sign intent follows in the same step.
    | ProposalQueued of ledger: ChannelId * turn: TurnNumber * proposal: Proposal * hash: Bytes32
    | ProposalSigned of ledger: ChannelId * turn: TurnNumber * signature: Signature
    /// The signer refused: the turn is free again.
    | ProposalDropped of ledger: ChannelId * turn: TurnNumber
    | ProposalReceived of ledger: ChannelId * turn: TurnNumber * proposal: Proposal * hash: Bytes32 * signature: Signature
    /// The follower's signature, own or received: the ledger stands at this turn.
    | ProposalAgreed of ledger: ChannelId * turn: TurnNumber * signature: Signature
    | HoldingsObserved of channel: ChannelId * held: Amount * at: ChainPosition
    | PayoutObserved of channel: ChannelId * paid: Amount * held: Amount * at: ChainPosition
    /// The block that showed the holdings is gone.
    | HoldingsDoubted of channel: ChannelId * height: Height
    | VoucherIssued of channel: ChannelId * total: Amount * signature: Signature
    | VoucherReceived of channel: ChannelId * total: Amount * signature: Signature
    | IntentRecorded of Intent
    | IntentFinished of effect: EffectId * finish: Finish
    | Woken of Topic
