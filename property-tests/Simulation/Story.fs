namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire
open Nitro.Engine

/// Settings, outcomes and questions that the tests share.
module internal Story =
    let address n = Places.address n
    let alice = address 1UL
    let irene = address 2UL
    let bob = address 3UL
    let ivan = address 4UL
    let amount n = Places.amount n
    let native = Places.native
    let token = Places.token

    let inspected (seed: int) faults =
        let world = SimulatedWorld(uint64 seed, faults)
        struct (world, Inspector(world, Care.standard))

    /// With all checks.
    let world (seed: int) faults =
        let struct (world, _) = inspected seed faults
        world

    let settings me : Settings =
        { Me = me
          ConsensusApp = Places.consensusApp
          VirtualApp = Places.virtualApp
          Adjudicator = Places.adjudicator
          ChainId = Places.chainId
          Confirmations = 1UL
          DefaultChallengeDuration = 86_400u
          GoNitroPeers = Set.empty
          Policy = { Policy.permissive with AnyUnenforceable = amount 1_000_000 }
          Limits = Limits.standard
          Recover = FakeCurve.recover }

    let outcome asset first second a b : Outcome =
        let line who share : Allocation =
            { Destination = Destination.ofAddress who
              Amount = amount share
              Type = AllocationType.simple
              Metadata = [||] }

        [ { Asset = asset
            MetadataType = 0uy
            Metadata = [||]
            Allocations = [ line first a; line second b ] } ]

    let request (name: string) = RequestId(name.PadRight(16, '.'))

    let join (world: SimulatedWorld) names = for name in names do world.Join(settings name)

    let started (world: SimulatedWorld) who name =
        match world.Nodes[who].Answers.TryGetValue(request name) with
        | true, ObjectiveStarted id -> id
        | true, other -> invalidOp $"{name}: {other}"
        | _ -> invalidOp $"{name}: no answer"

    let isAnswered (world: SimulatedWorld) who name = world.Nodes[who].Answers.ContainsKey(request name)

    let ended (world: SimulatedWorld) who id =
        match NodeState.objective id world.Nodes[who].State with
        | ValueSome { Ending = ValueSome _ } -> true
        | _ -> false

    let completed (world: SimulatedWorld) who id =
        match NodeState.objective id world.Nodes[who].State with
        | ValueSome { Ending = ValueSome Completed } -> true
        | _ -> false

    let waiting (world: SimulatedWorld) who =
        let node = world.Nodes[who]

        [ for record in node.State.Objectives.Items.Values do
              if record.Ending.IsNone then $"{Goal.id record.Goal}: {Views.label node.Settings node.State record}" ]

    /// Opens a ledger and runs until both sides have it.
    let openLedger (world: SimulatedWorld) name first second asset a b nonce =
        world.Ask(first, request name, CreateLedger(second, 100u, outcome asset first second a b, nonce))
        world.RunUntil($"{name} asked", 60, (fun () -> isAnswered world first name))
        let id = started world first name
        world.RunUntil($"{name} open", 3_000, (fun () -> completed world first id && completed world second id))
        id.Channel

    /// Alice, Irene and Bob, and a ledger on each side of Irene, led by either side as the seed says.
    let twoLedgers (seed: int) faults =
        let world = world seed faults
        join world [ alice; irene; bob ]
        let pair first second flip = if flip then second, first else first, second
        let a, b = pair alice irene (seed % 2 = 0)
        let c, d = pair irene bob (seed / 2 % 2 = 0)
        let left = openLedger world "left" a b native 100 100 1UL
        let right = openLedger world "right" c d native 100 100 2UL
        world, left, right

    let openPayment (world: SimulatedWorld) name payer hubs payee a nonce =
        world.Ask(payer, request name, CreatePaymentChannel(hubs, payee, 100u, outcome native payer payee a 0, nonce))
        world.RunUntil($"{name} asked", 60, (fun () -> isAnswered world payer name))
        let id = started world payer name
        world.RunUntil($"{name} open", 3_000, (fun () -> payer :: payee :: hubs |> List.forall (fun who -> completed world who id)))
        id.Channel

    let pay (world: SimulatedWorld) name payer channel share =
        world.Ask(payer, request name, Pay(channel, amount share, Sent))

    let close (world: SimulatedWorld) name who parties channel =
        world.Ask(who, request name, ClosePaymentChannel channel)
        world.RunUntil($"{name} asked", 60, (fun () -> isAnswered world who name))
        let id = started world who name
        world.RunUntil($"{name} closed", 3_000, (fun () -> parties |> List.forall (fun party -> completed world party id)))

    let closeLedger (world: SimulatedWorld) name who other ledger =
        world.Ask(who, request name, CloseLedger ledger)
        world.RunUntil($"{name} asked", 60, (fun () -> isAnswered world who name))
        let id = started world who name
        world.RunUntil($"{name} closed", 3_000, (fun () -> completed world who id && completed world other id))

    /// The first participant's signed pre-fund of a ledger, as any program may send it.
    let proposeLedger (world: SimulatedWorld) leader follower nonce =
        let part =
            { Participants = [ leader; follower ]
              Nonce = nonce
              App = Places.consensusApp
              ChallengeDuration = 100u }

        let id = FixedPart.channelId part
        let variable: VariablePart = { Outcome = outcome native leader follower 10 10; AppData = [||]; Turn = Turn.preFund; IsFinal = false }
        let hash = State.hash id variable

        let item =
            StateItem(
                { Kind = DirectFunding; Channel = id },
                { Fixed = part
                  Variable = variable
                  Hash = hash
                  Signatures = [ 0, FakeCurve.sign leader (Digest.personal hash) ] }
            )

        world.Deliver(leader, follower, PeerV1.encode follower { From = leader; Items = [ item ] })

    let paidTo (world: SimulatedWorld) asset who = world.Paid(asset, who)
