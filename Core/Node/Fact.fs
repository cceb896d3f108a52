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

/// What the chain has shown of a channel, and how our calls to it fared. A part of its own, since payments copy the rest, and never change this.
type internal OnChain =
    { Held: Amount
      HeldAt: ChainPosition
      /// Paid out by the contract since the channel was concluded.
      PaidOut: Amount
      PaidAt: ChainPosition
      /// The block that showed the holdings is gone; nothing that adds exposure is signed.
      Doubtful: bool
      /// Refusals of chain calls and of signatures in a row, and when the next try is due.
      Attempts: int
      RetryAt: Instant voption
      /// The other side had its time to conclude.
      MayConclude: bool }

module internal OnChain =
    let none =
        { Held = Amount.zero
          HeldAt = ChainPosition.start
          PaidOut = Amount.zero
          PaidAt = ChainPosition.start
          Doubtful = false
          Attempts = 0
          RetryAt = ValueNone
          MayConclude = false }

    /// Of most payment channels there is nothing, and they share that.
    let kept chain = if chain = none then none else chain

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

/// What an API request has led to.
type internal RequestResult =
    | Bound of ObjectiveId
    | Payment of channel: ChannelId * amount: Amount * total: Amount * kind: PaymentKind * voucher: Signature voption
    | PaymentFailed of ChannelId * tag: string

/// What a virtual channel holds of a ledger before and while it is open.
type internal Exposure =
    { Amount: Amount
      Unenforceable: bool
      /// Counts against `maxLocked` until the opening is complete.
      Locked: bool
      /// What is kept free for its Add, from leader and follower, until the Add has a turn.
      Reserved: struct (Amount * Amount) voption }

/// A channel as it stands, but for its ledger and its vouchers.
type internal RestatedChannel =
    { Terms: Terms
      MovedAt: Instant
      /// Beside the two of the opening, which follow from the terms; in the order they were seen.
      Seen: VariablePart list
      /// As in `StateSigned`: turn, hash, participant, signature.
      Signed: struct (TurnNumber * Bytes32 * int * Signature) list
      Chain: OnChain
      /// Newest first.
      Told: struct (Address * Telling) list }

/// A payment channel's vouchers, but for the payments that wait for one.
type internal RestatedPayments =
    { Issued: Amount
      IssuedSignature: Signature voption
      IssuedToTell: bool
      Best: Amount
      BestSignature: Signature voption
      NextPending: int64 }

/// One thing that lives, said anew at the opening of an epoch. No record grows with the node; sums, counts and indices are not in
/// them but made again by the fold.
type internal Restatement =
    | ChannelRestated of RestatedChannel
    /// What is agreed, without its guarantees: each of them follows.
    | LedgerRestated of
        ledger: ChannelId *
        agreed: LedgerOutcome *
        turn: TurnNumber *
        leaderSignature: Signature *
        followerSignature: Signature *
        nextWanted: int64
    | GivenUpRestated of channel: ChannelId * peer: Address
    | GuaranteeRestated of ledger: ChannelId * guarantee: Guarantee
    | QueuedRestated of ledger: ChannelId * turn: TurnNumber * proposal: Proposal * hash: Bytes32 * leaderSignature: Signature voption
    | WantedRestated of ledger: ChannelId * key: int64 * proposal: Proposal
    | ExposureRestated of ledger: ChannelId * target: ChannelId * exposure: Exposure
    | AnsweredRestated of ledger: ChannelId * turn: TurnNumber * proposal: Proposal * signature: Signature
    | PaymentsRestated of channel: ChannelId * payments: RestatedPayments
    | PendingRestated of channel: ChannelId * key: int64 * request: RequestId * amount: Amount * kind: PaymentKind
    | ObjectiveRestated of ObjectiveRecord
    | PeerRestated of
        peer: Address *
        refused: ObjectiveId list *
        retellSeconds: int64 *
        retellAt: Instant voption *
        retoldUpTo: ObjectiveId voption
    /// In the order the requests came.
    | RequestRestated of request: RequestId * content: Bytes32 * at: Instant * result: RequestResult
    | EndedRestated of position: int64 * channel: ChannelId
    /// Some of them: a few dozen a record.
    | TombstonesRestated of ChannelId list
    | LedgerListed of peer: Address * asset: Address * ledger: ChannelId
    /// An effect keeps its id, the position that its promise first had: adapters know it by that.
    | IntentRestated of effect: EffectId * intent: Intent
    | WakeRestated of due: Instant * topic: Topic
    /// Some of them: a few dozen a record.
    | StaleRestated of peer: Address * doubts: (ChannelId * Instant) list
    /// Of those who have not been asked for their ledgers since some: a few dozen a record, and one where there are none.
    | RestoredRestated of unasked: Address list

/// Everything a node remembers. The journal is these, in order, and nothing else.
type internal Fact =
    | RequestBound of request: RequestId * content: Bytes32 * objective: ObjectiveId
    | PaymentReserved of request: RequestId * content: Bytes32 * channel: ChannelId * amount: Amount * kind: PaymentKind
    | PaymentRefused of request: RequestId * channel: ChannelId * tag: string
    | ObjectiveOpened of goal: Goal * origin: Origin * deadline: Instant voption
    | GoalApproved of ObjectiveId
    /// A half-open virtual channel is being taken back; the reason is the one its objective ends with.
    | OpeningUndone of objective: ObjectiveId * reason: string
    /// A participant says that it gave a payment channel's opening up: it lets the guarantees go.
    | PeerGaveUp of channel: ChannelId * peer: Address
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
    /// The journal up to here is a copy that may lack its newest records: of every channel that is not over, the peers are asked what they hold.
    | JournalRestored
    /// The peer has said all that it holds of the channel: we know no less.
    | ChannelConfirmed of channel: ChannelId * peer: Address
    /// The peer showed what we cannot have done without records that are gone: it is asked what it holds.
    | ChannelDoubted of channel: ChannelId * peer: Address
    /// A ledger's state that both have signed, newer than all that we know of.
    | LedgerAdopted of ledger: ChannelId * variable: VariablePart * leaderSignature: Signature * followerSignature: Signature
    /// Opens an epoch: nothing before it counts any more, and the facts after it, so many with this one, restate all that lives.
    | EpochOpened of epoch: int * facts: int * seenHeight: Height
    | Restated of Restatement
