module Nitro.PropertyTests.HistoryTests

open System
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Simulation

let private line = [ Story.alice; Story.irene; Story.bob ]

/// Every fact of a network's life, with the states around it.
let private watch (world: SimulatedWorld) (look: Settings -> NodeState -> NodeState -> Fact -> unit) =
    world.OnStep <-
        fun settings before envelope step ->
            let mutable state = before

            for fact in step.Facts do
                let after = NodeState.evolve state envelope.At fact
                look settings state after fact
                state <- after

let private life (world: SimulatedWorld) =
    Story.join world line
    let left = Story.openLedger world "left" Story.alice Story.irene Story.native 1_000 1_000 1UL
    let right = Story.openLedger world "right" Story.irene Story.bob Story.native 1_000 1_000 2UL
    let channel = Story.openPayment world "open" Story.alice [ Story.irene ] Story.bob 100 3UL
    for i in 1..5 do Story.pay world $"pay{i}" Story.alice channel i
    world.RunUntil("paid", 3_000, (fun () -> [ 1..5 ] |> List.forall (fun i -> Story.isAnswered world Story.alice $"pay{i}")))
    Story.close world "close" Story.bob line channel
    Story.closeLedger world "closeLeft" Story.irene Story.alice left
    Story.closeLedger world "closeRight" Story.bob Story.irene right

[<Fact>]
let ``every signature and every end of a promise in a life holds, and so does every state of it`` () =
    for seed in 1..3 do
        let world = Story.world seed Faults.rough
        let kinds = Collections.Generic.HashSet<string>()
        let mutable count = 0

        watch world (fun settings before after fact ->
            Assert.Empty(Proof.ofFact settings before after fact)
            let struct (name, _, _) = Nitro.Wire.LogV1.encode fact
            kinds.Add name |> ignore
            count <- count + 1
            if count % 50 = 0 then Assert.Empty(Proof.ofState settings after))

        life world

        for wanted in [ "StateSigned"; "ProposalQueued"; "ProposalSigned"; "ProposalReceived"; "ProposalAgreed"; "VoucherIssued"; "VoucherReceived"; "IntentFinished" ] do
            Assert.Contains(wanted, kinds)

/// The same fact with a signature of nobody.
let private spoiled (fact: Fact) =
    let wrong (signature: Signature) = { signature with S = signature.R }

    match fact with
    | StateSigned(id, turn, hash, party, signature) -> ValueSome(StateSigned(id, turn, hash, party, wrong signature))
    | ProposalQueued(id, turn, proposal, _) -> ValueSome(ProposalQueued(id, turn, proposal, Bytes32.zero))
    | ProposalSigned(id, turn, signature) -> ValueSome(ProposalSigned(id, turn, wrong signature))
    | ProposalReceived(id, turn, proposal, hash, signature) -> ValueSome(ProposalReceived(id, turn, proposal, hash, wrong signature))
    | ProposalAgreed(id, turn, signature) -> ValueSome(ProposalAgreed(id, turn, wrong signature))
    | VoucherIssued(id, total, signature) -> ValueSome(VoucherIssued(id, Amount.addSaturated total Amount.one, signature))
    | VoucherReceived(id, total, signature) -> ValueSome(VoucherReceived(id, total, wrong signature))
    | IntentFinished(_, finish) -> ValueSome(IntentFinished(EffectId Int64.MaxValue, finish))
    | _ -> ValueNone

[<Fact>]
let ``a signature that is another's, a hash of something else and an end without a promise are found`` () =
    let world = Story.world 1 Faults.none
    let mutable count = 0

    watch world (fun settings before _ fact ->
        match spoiled fact with
        | ValueSome bad ->
            Assert.NotEmpty(Proof.ofFact settings before (NodeState.evolve before (Instant 0L) bad) bad)
            count <- count + 1
        | ValueNone -> ())

    life world
    Assert.True(count > 50, $"{count}")

[<Fact>]
let ``every fact is told in one line, and a promise and its end are about the same channels`` () =
    let world = Story.world 2 Faults.rough
    let promised = Collections.Generic.Dictionary<struct (Address * int64), Set<ChannelId>>()

    watch world (fun settings before after fact ->
        let words = Words.fact settings before after fact
        Assert.NotEqual<string>("", words)
        Assert.DoesNotContain("\n", words)
        let subjects = Subjects.ofFact before after fact

        match fact with
        | IntentRecorded intent ->
            Intent.channel intent |> ValueOption.iter (fun channel -> Assert.Contains(channel, subjects.Channels))
            promised[struct (settings.Me, before.Position)] <- Set.ofList subjects.Channels
        | IntentFinished(EffectId id, _) -> Assert.Contains((promised[struct (settings.Me, id)] |> Set.toList).Head, subjects.Channels)
        | _ -> ())

    life world
    Assert.NotEmpty promised
