namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// What an API caller may ask for. Randomness (nonces) comes with it.
type internal Command =
    | CreateLedger of counterparty: Address * challengeDuration: uint32 * outcome: Outcome * nonce: uint64
    | CloseLedger of ChannelId
    | CreatePaymentChannel of
        intermediaries: Address list *
        counterparty: Address *
        challengeDuration: uint32 *
        outcome: Outcome *
        nonce: uint64
    | ClosePaymentChannel of ChannelId
    | Pay of channel: ChannelId * amount: Amount * kind: PaymentKind
    /// The signer is already recovered.
    | ReceiveVoucher of Voucher * Signature * signer: Address voption
    | ApproveObjective of ObjectiveId
    | RejectObjective of ObjectiveId * reason: string

/// What the chain said about one channel, at final depth.
type internal ChainNotice =
    | Deposited of channel: ChannelId * asset: Address * held: Amount
    | PaidOut of channel: ChannelId * assetIndex: int * before: Amount * after: Amount
    | HoldingsRead of effect: EffectId * held: Amount

/// What our signer has signed in the place of what it declines: our journal has lost it.
type internal SignedBefore =
    | ProposalBefore of turn: TurnNumber * Proposal
    | StateBefore of VariablePart

type internal SignerVerdict =
    | Signed of Signature
    | Declined of tag: string * SignedBefore voption

/// Everything the outside world can say to a node.
type internal Event =
    | Asked of RequestId * content: Bytes32 * Command
    | PeerSaid of Verified<PeerMessage>
    | PeerTook of EffectId
    /// The peer calls the message an offence: telling it again is pointless.
    | PeerRefused of EffectId * code: string
    | PeerSeen of Address
    | ChainShowed of ChainNotice * ChainPosition
    | ChainRetracted of Height
    | ChainRefused of EffectId * reason: string
    | SignerReplied of (EffectId * SignerVerdict) list
    | Ticked

/// An event and its time: the only clock.
type internal Envelope = { At: Instant; Event: Event }

/// A caller's mistake or the node's refusal. `Code`: -32602 the values make no sense, -32603 refused.
type internal Problem =
    { Code: int
      Message: string
      Tag: string
      Next: string }

type internal Answer =
    | ObjectiveStarted of ObjectiveId
    | Paid of ChannelId * amount: Amount
    | VoucherMade of Voucher * Signature
    | VoucherCounted of total: Amount * delta: Amount
    | Acknowledged
    | Failed of Problem

type internal Reply = { To: RequestId; Answer: Answer }
