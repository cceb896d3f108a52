namespace Nitro.Protocol

open Nitro.Kernel

/// How the contract treats an allocation (exit format).
module internal AllocationType =
    let simple = 0uy
    /// What go-nitro's main branch writes for guarantees. The contract's own meaning is "withdraw helper"; it cannot be reclaimed.
    let goNitroGuarantee = 1uy
    /// A guarantee that the contract can reclaim.
    let guarantee = 2uy

/// One line of an outcome: so much to that destination.
type internal Allocation =
    { Destination: Destination
      Amount: Amount
      Type: byte
      Metadata: byte[] }

/// All that a channel pays out of one asset, in order of priority. The zero address is the native coin.
type internal AssetExit =
    { Asset: Address
      MetadataType: byte
      Metadata: byte[]
      Allocations: Allocation list }

/// What a channel pays out: an Exit of the exit format.
type internal Outcome = AssetExit list
