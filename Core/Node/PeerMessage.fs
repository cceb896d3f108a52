namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// A state with its signers recovered. `Signatures`: participant index and signature.
type internal SignedState =
    { Fixed: FixedPart
      Variable: VariablePart
      Hash: Bytes32
      Signatures: (int * Signature) list }

/// A ledger proposal, and whose signature it is over which resulting state; nothing where the ledger was unknown
/// or could not take it when the message was read.
type internal SignedProposal =
    { Ledger: ChannelId
      Proposal: Proposal
      Turn: TurnNumber
      Signature: Signature
      Recovered: struct (Bytes32 * Address) voption }

type internal PeerItem =
    | StateItem of ObjectiveId * SignedState
    | FinalStateWantedItem of ObjectiveId
    | ProposalItem of SignedProposal
    | VoucherItem of Voucher * Signature * signer: Address
    | RejectionItem of ObjectiveId
    /// Since when the channel is in doubt at the sender.
    | StandingWantedItem of ObjectiveId * since: Instant
    /// What is said beside it is all that the sender holds of the channel. The question's `since`: an answer may come so late that it was
    /// given to a life of ours that we have lost.
    | StandingItem of ObjectiveId * since: Instant voption
    /// The sender wants to know all ledgers that it has with us.
    | LedgersWantedItem

/// One message from an authenticated sender.
type internal PeerMessage = { From: Address; Items: PeerItem list }

/// What is wrong with a peer's message. `Code` is for programs, `Detail` for people.
type internal Offence = { Code: string; Detail: string }
