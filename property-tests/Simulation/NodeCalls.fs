namespace Nitro.Simulation

open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Wire

/// An event on its way to the turn. `Answered`: once it is durable, with what the core said; with nothing if the process died.
[<Struct>]
type internal Mail =
    { Event: Event
      Answered: (Taking voption -> unit) voption }

/// Where in a turn a process dies.
[<Struct>]
type internal CrashPoint =
    | BeforeAppend
    /// Only the first steps of the group became durable.
    | InAppend
    | AfterAppend
    /// The effects have left, and none of their outcomes is known.
    | AfterRelease

/// What a node's chain calls are made of.
module internal NodeCalls =
    let channelOf (fail: string -> Channel) id (state: NodeState) =
        match NodeState.channel id state with
        | ValueSome channel -> channel
        | ValueNone -> fail $"no channel {id} for a chain call"

    let conclude (fail: string -> Call) (channel: Channel) =
        match Channel.completeFinal channel with
        | Some seen -> Call.ConcludeAndTransferAllAssets(channel.Terms.Fixed, { Part = seen.Variable; Signatures = List.ofSeq seen.Signatures.Values })
        | None -> fail "a conclusion without a complete final state"

    /// The same as the bytes that are sent.
    let concluding (fail: string -> byte[]) (channel: Channel) =
        match Channel.completeFinal channel with
        | Some seen ->
            ChainV1.concludeAndTransferAllAssets channel.Terms.Fixed { Part = seen.Variable; Signatures = List.ofSeq seen.Signatures.Values }
        | None -> fail "a conclusion without a complete final state"
