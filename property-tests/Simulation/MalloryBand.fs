namespace Nitro.Simulation

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire

/// What byzantine nodes say and hear, taken apart and put together again.
module internal MalloryWords =
    let private item raw : PeerItem =
        match raw with
        | RawStateItem(objective, fixedPart, variable, signatures) ->
            StateItem(
                objective,
                { Fixed = fixedPart
                  Variable = variable
                  Hash = State.hash (FixedPart.channelId fixedPart) variable
                  Signatures = signatures }
            )
        | RawFinalStateWanted objective -> FinalStateWantedItem objective
        | RawProposalItem said ->
            ProposalItem
                { Ledger = said.Ledger
                  Proposal = said.Proposal
                  Turn = said.Turn
                  Signature = said.Signature
                  Recovered = ValueNone }
        | RawVoucher(voucher, signature) -> VoucherItem(voucher, signature, Address.zero)
        | RawRejection objective -> RejectionItem objective
        | RawStandingWanted(objective, since) -> StandingWantedItem(objective, since)
        | RawStanding(objective, since) -> StandingItem(objective, since)
        | RawLedgersWanted -> LedgersWantedItem

    /// What an honest node wrote can always be read.
    let read (frame: byte[]) : PeerItem list =
        match PeerV1.decode (ReadOnlyMemory frame) with
        | Ok message -> message.Items |> List.map item
        | Error _ -> []

    let channelOf item =
        match item with
        | StateItem(objective, _)
        | FinalStateWantedItem objective
        | RejectionItem objective
        | StandingWantedItem(objective, _)
        | StandingItem(objective, _) -> ValueSome objective.Channel
        | ProposalItem said -> ValueSome said.Ledger
        | VoucherItem(voucher, _, _) -> ValueSome voucher.Channel
        | LedgersWantedItem -> ValueNone

/// One frame of a byzantine node's own making, before anything was done to it.
[<Struct>]
type internal SentFrame =
    { By: Address
      Receiver: Address
      Frame: byte[] }

/// Byzantine nodes that share keys, knowledge and a purpose. Each runs the real core, so that deep states are reached; beside
/// it, or on the way out, they deviate. They may look at their victims, but sign with their own keys alone.
[<Sealed>]
type internal Band(world: SimulatedWorld, members: Address[], random: Prng) =
    let ground = world.Ground
    let sent = List<SentFrame>()
    let remembered = 256
    let salt = random.Next64()

    let isMember who = Array.contains who members

    member _.World = world
    member _.Random = random
    member _.Members = members
    member _.Has(who: Address) = isMember who
    member _.Node(who: Address) = world.Nodes[who]
    /// The story is over: nothing new is tried.
    member val IsOver = false with get, set

    /// Honest nodes that are up.
    member _.Victims = [| for node in world.Nodes.Values do if node.IsAlive && not (isMember node.Address) then node |]

    member _.Sign(who: Address, hash: Bytes32) : Signature =
        if not (isMember who) then ground.Fail $"nobody of the band has {who}'s key"
        FakeCurve.sign who (Digest.personal hash)

    /// The newest frames that its members meant to send.
    member _.Sent = sent

    member _.Remember(by: Address, receiver: Address, frame: byte[]) =
        if sent.Count = remembered then sent.RemoveAt 0
        sent.Add { By = by; Receiver = receiver; Frame = frame }

    /// A channel is either meant or left alone for the whole run, so that what is left alone gets far.
    member _.Means(ChannelId id) = (id.D ^^^ salt) * 0x9E3779B97F4A7C15UL >>> 62 < 2UL

    /// How many it has sent beside what its members' cores send.
    member val Frames = 0 with get, set

    member this.Send(by: Address, victim: Address, frame: byte[]) =
        this.Frames <- this.Frames + 1
        ground.Count "hostile frames"
        world.Deliver(by, victim, frame)

    member this.Say(by: Address, victim: Address, items: PeerItem list) =
        if ground.IsTracing then ground.Note(ValueSome by, (fun () -> $"MALLORY says to {victim}: {Narration.items items}"))
        this.Send(by, victim, PeerV1.encode victim { From = by; Items = items })

    /// How often a trick was tried, and how often it met a state in which it could bite.
    member _.Counted(name: string, bites: bool) =
        ground.Count $"tried: {name}"
        if bites then ground.Count $"could bite: {name}"

/// One way to deviate.
type internal Trick =
    /// Tried at some moment; true: it met a state in which it could bite.
    | Act of name: string * attempt: (Band -> bool)
    /// Done to what a member's own core sends: the messages that leave instead, or nothing where there is nothing to it.
    | Habit of name: string * alter: (Band -> Address -> Address -> PeerItem list -> PeerItem list list voption)
    /// Done to a member's own transactions: true keeps one back.
    | Stinginess of name: string * keepsBack: (Band -> Call -> bool)

    member this.Name =
        match this with
        | Act(name, _)
        | Habit(name, _)
        | Stinginess(name, _) -> name
