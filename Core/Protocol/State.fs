namespace Nitro.Protocol

open Nitro.Kernel

/// What never changes in a channel; its hash is the channel's id.
type internal FixedPart =
    { Participants: Address list
      Nonce: uint64
      App: Address
      /// Seconds.
      ChallengeDuration: uint32 }

/// A state of a channel without its fixed part.
type internal VariablePart =
    { Outcome: Outcome
      AppData: byte[]
      Turn: TurnNumber
      IsFinal: bool }

type internal State =
    { Fixed: FixedPart
      Variable: VariablePart }

module internal FixedPart =
    /// abi.encode(participants, nonce, app, challengeDuration).
    let encode (part: FixedPart) : byte[] =
        let participants = part.Participants.Length
        let writer = AbiWriter(Abi.Word * (5 + participants))
        let slot = writer.Reserve 1
        writer.UInt64 part.Nonce
        writer.Address part.App
        writer.UInt64(uint64 part.ChallengeDuration)
        writer.Here(slot, 0)
        writer.UInt64(uint64 participants)

        for participant in part.Participants do
            writer.Address participant

        writer.Buffer

    /// No check that the id is not an external destination: see `isValidId`.
    let channelId (part: FixedPart) : ChannelId = ChannelId(Keccak.hash (encode part))

    /// A channel whose id reads as an account could never be paid out of.
    let isValidId (ChannelId id) = not (Destination.isExternal id)

module internal State =
    /// abi.encode(channelId, appData, outcome, turn, isFinal). The turn is written as the unsigned number that it is.
    let encode (ChannelId id) (part: VariablePart) : byte[] =
        let writer = AbiWriter(5 * Abi.Word + Abi.bytesSize part.AppData.Length + Outcome.encodedSize part.Outcome)
        writer.Bytes32 id
        let offsets = writer.Reserve 2
        writer.UInt64 part.Turn
        writer.Bool part.IsFinal
        writer.Here(offsets, 0)
        writer.Bytes part.AppData
        writer.Here(offsets + Abi.Word, 0)
        Outcome.write writer part.Outcome
        writer.Buffer

    /// What participants sign (as a personal message, see Digest).
    let hash (channel: ChannelId) (part: VariablePart) : Bytes32 = Keccak.hash (encode channel part)

    /// What a challenger signs: abi.encode(stateHash, "forceMove"), hashed.
    let challengeHash (stateHash: Bytes32) : Bytes32 =
        let writer = AbiWriter(4 * Abi.Word)
        writer.Bytes32 stateHash
        let slot = writer.Reserve 1
        writer.Here(slot, 0)
        writer.Bytes "forceMove"B
        Keccak.hash writer.Buffer
