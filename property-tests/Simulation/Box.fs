namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Signer

/// One node of the simulation: its durable parts, and the state of its living process.
type internal Box =
    { Settings: Settings
      /// Durable.
      Journal: List<struct (Instant * Fact)>
      /// Durable: the signer's own.
      Marks: Dictionary<ChannelId, ChannelMarks>
      mutable State: NodeState
      /// The process's number: what an earlier one had scheduled dies with it.
      mutable Process: int
      /// The signer's own policy, beside its marks: a tag refuses.
      mutable Forbids: Payload -> string voption
      /// Switched off: hears, says and does nothing until it is restarted.
      mutable Absent: bool
      Answers: Dictionary<RequestId, Answer> }
