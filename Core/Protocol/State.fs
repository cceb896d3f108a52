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
