namespace Nitro.Signer.Policy

open Nitro.Kernel

/// What a channel is for; its application tells.
type internal ChannelKind =
    /// Funded on chain, no guarantees.
    | Direct
    /// Funded on chain, holds guarantees.
    | Ledger
    /// Funded by guarantees, moved by vouchers.
    | Payment

/// What the payer may spend without a single approval.
type internal Budget =
    { /// Nothing: each payee has such a budget of its own.
      Payee: Address voption
      Asset: Address
      Window: Window }

/// Bounds of the chain account's fees, in wei.
type internal FeeLimits =
    { GasLimit: uint64
      MaxFeePerGas: Amount
      MaxPriorityFeePerGas: Amount
      /// Gas limit times fee, summed.
      Window: Window }

/// Bounds of the signer's memory.
type internal Limits =
    { Channels: int
      /// Channels ever ended: ten bytes of each id are never forgotten.
      Retired: int
      Approvals: int
      /// Entries of one outcome.
      OutcomeEntries: int
      Guarantees: int
      /// Own proposals that the peer has not countersigned.
      InFlight: int
      /// Payees with a budget in use.
      Payees: int }

/// The owner's rules. The host cannot reach it: it comes with the signer.
type internal SignerConfig =
    { Version: uint64
      ChainId: uint64
      Adjudicator: Address
      /// The channel key's address; also where our money goes on chain.
      Me: Address
      Apps: Map<Address, ChannelKind>
      /// Seconds.
      ChallengeMin: uint32
      ChallengeMax: uint32
      /// Per token: the largest approval and deposit.
      Tokens: Map<Address, Amount>
      NativeCap: Amount
      Modes: Modes
      Limits: Limits
      Confirmations: uint64
      /// How old a sighting of a deposit may be.
      SightingSeconds: int64
      /// The post-fund of a channel on chain waits for everybody's money, not only for what is paid out up to ours.
      FullyFunded: bool
      /// The owner is there, and lets the node pay: no budget, no cap and no bound on what is locked; tokens are those of its ledgers.
      /// What counterparties could take, and signing twice, stays barred.
      SpendsFreely: bool
      /// Closing needs no approval.
      ClosesFreely: Set<ChannelKind>
      /// As intermediary, per peer: what may be locked in channels whose post-fund is unsigned. Absent: nothing.
      MaxLocked: Funds
      Budgets: Budget list
      /// Outflow by asset, all payees together. Absent: unlimited.
      Velocity: Map<Address, Window>
      Fees: FeeLimits
      /// Nothing: everybody.
      Payees: Set<Address> voption
      Peers: Set<Address> voption
      /// Keys of the devices whose approvals count, in hexadecimal.
      Approvers: Set<string>
      /// How long an approval may wait before it is shown.
      ApprovalSeconds: int64 }
