namespace Nitro.Wire

open Nitro.Kernel
open Nitro.Protocol

/// What `reclaim` takes: the ledger whose guarantee is dissolved, and the channel that it guaranteed. Both final on chain.
type internal ReclaimArguments =
    { Source: ChannelId
      SourceStateHash: Bytes32
      SourceOutcome: byte[]
      SourceAssetIndex: int
      GuaranteeIndex: int
      TargetStateHash: Bytes32
      TargetOutcome: byte[]
      TargetAssetIndex: int }

/// A log of NitroAdjudicator. Holdings are absolute; times in seconds since 1970.
type internal ChainEvent =
    | Deposited of channel: ChannelId * asset: Address * holdings: Amount
    | AllocationUpdated of channel: ChannelId * assetIndex: int * before: Amount * after: Amount
    | Concluded of channel: ChannelId * finalizesAt: uint64
    | ChallengeRegistered of channel: ChannelId * finalizesAt: uint64 * proof: SignedPart list * candidate: SignedPart
    | ChallengeCleared of channel: ChannelId * turnRecord: TurnNumber
    | Checkpointed of channel: ChannelId * turnRecord: TurnNumber
    | Reclaimed of channel: ChannelId * assetIndex: int
