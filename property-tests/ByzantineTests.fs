module Nitro.PropertyTests.ByzantineTests

open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire
open Nitro.Simulation

let private hub = Story.irene

[<Fact>]
let ``what a peer proposes in vain is forgotten but for the newest`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; hub ]
    Story.openLedger world "ledger" Story.alice hub Story.native 100 100 1UL |> ignore
    world.Distrust hub
    let state () = world.Nodes[Story.alice].State

    for nonce in 1..1_000 do
        Story.proposeLedger world hub Story.alice (uint64 (1_000 + nonce))
        world.Run 1

    Assert.True(Table.count (state ()).Channels < 150, $"{Table.count (state ()).Channels} channels")
    Assert.True(Table.count (state ()).Objectives < 150)
    world.CheckReplay()

[<Fact>]
let ``names that a peer makes up cost nothing that lasts`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; hub ]
    Story.openLedger world "ledger" Story.alice hub Story.native 100 100 1UL |> ignore
    world.Distrust hub

    for nonce in 1..300 do
        let others = [ for i in 0UL..2UL -> Story.address (1_000UL + 3UL * uint64 nonce + i) ]

        let part =
            { Participants = hub :: others @ [ Story.alice ]
              Nonce = uint64 nonce
              App = (Story.settings Story.alice).VirtualApp
              ChallengeDuration = 100u }

        let id = FixedPart.channelId part
        let variable: VariablePart = { Outcome = Story.outcome Story.native hub Story.alice 10 0; AppData = [||]; Turn = 0UL; IsFinal = false }
        let hash = State.hash id variable
        let signature = FakeCurve.sign hub (Digest.personal hash)
        let item = StateItem({ Kind = VirtualFunding; Channel = id }, { Fixed = part; Variable = variable; Hash = hash; Signatures = [ 0, signature ] })
        world.Deliver(hub, Story.alice, PeerV1.encode Story.alice { From = hub; Items = [ item ] })
        world.Run 1

    world.Run 60
    Assert.Empty(Outbox.unfinished world.Nodes[Story.alice].State.Outbox)
    Assert.True(Table.count world.Nodes[Story.alice].State.Peers < 5)
