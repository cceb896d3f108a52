namespace Nitro.Simulation

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// How much is looked at.
type internal Care =
    { /// Whole states are compared, and lanes and outboxes, once in so many steps.
      Whole: int64
      /// `Invariant.violations` looks at whole states: at every step while a node has no more channels than this, else once in as
      /// many steps as it has channels.
      SmallState: int
      /// One party fights for its money, on a copy of the contracts, once in so many steps, and every one at the end.
      Defence: int64 }

module internal Care =
    let standard = { Whole = 100L; SmallState = 3; Defence = 200L }

/// Puts the checks where things happen. A finding ends the world.
[<Sealed>]
type internal Inspector(world: SimulatedWorld, care: Care) =
    let ground = world.Ground
    let books = Books()
    let distinct = HashSet<int64>()
    let mutable steps = 0L

    let judge (node: Node) (found: string list) =
        if not found.IsEmpty && not node.IsStranger then
            ground.Fail(String.Join("\n", [ for text in found -> $"{node.Address}: {text}" ]))

    let put (node: Node) id = match world.Chain.Head.Put.TryFind((node.Address, id)) with Some amount -> amount | None -> Amount.zero

    let count (state: NodeState) (changed: seq<ChannelId>) =
        for id in changed do
            match NodeState.channel id state with
            | ValueSome channel -> distinct.Add(Shape.ofChannel state channel) |> ignore
            | ValueNone -> ()

    let whole (node: Node) =
        judge node (CheckFold.whole node.Journal.State node.State)
        if node.IsAlive && node.IsIdle then judge node (CheckOutbox.check (fun effect intent -> node.Has(effect, intent)) node.State)

    /// Chance of its own, so that looking changes nothing of what happens.
    let random = Prng(ground.Seed ^^^ 0xDEFE2DUL)

    let defend (node: Node) =
        if not node.IsStranger then
            let head = world.Chain.Head
            judge node (Defender.check head.After head.Time books random (put node) node.Address node.State)

    let committed (node: Node) (made: Step list) =
        for step in made do
            for fact in step.Facts do books.Committed(node.Address, fact)
            judge node (CheckGuarantees.checkDeposits node.Chain.Final step)

        let facts = made |> List.sumBy (fun step -> step.Facts.Length)

        if facts > 0 then
            let state = (List.last made).State
            let changed = match made with [ one ] -> one.Changed | many -> many |> List.collect (fun step -> step.Changed) |> List.distinct
            let channels = int64 (Table.count state.Channels)
            judge node (CheckFold.touched node.Journal.State state changed)
            judge node (CheckEvidence.check books (put node) state)
            judge node (CheckEvidence.checkCap node.Settings state)
            judge node (CheckGuarantees.check books state)
            if channels <= int64 care.SmallState || steps % channels = 0L then judge node (Invariant.violations node.Settings state)
            count state changed

        let before = steps
        steps <- steps + int64 made.Length
        let passes every = steps / every <> before / every
        if passes care.Defence then defend node

        if passes care.Whole then
            // Once this turn's effects have found their lanes.
            ground.Agenda.After(0L, node.Process, (fun () -> whole node))

    let watch (node: Node) =
        node.OnCommitted <- committed node

        node.Signer.OnSigned <- fun payload ->
            judge node (books.Signed(node.Address, payload))

            match payload with
            | VoucherPayload voucher -> judge node (CheckVouchers.signed node.State voucher)
            | StatePayload _ -> ()

        node.Signer.OnCallStopped <- fun tag -> judge node [ $"its signer's policy stops a chain call: {tag}" ]
        node.Signer.OnStopped <- fun task tag -> judge node [ $"its signer's policy stops {Narration.payload task.Payload}: {tag}" ]

        let died = node.OnDied

        node.OnDied <- fun how ->
            let last = node.LastPublished
            if last.Position = node.Journal.State.Position then judge node (CheckFold.whole node.Journal.State last)
            died how

    do
        world.OnJoin <- watch
        world.OnBlock <- fun block -> match CheckConservation.check block.After with [] -> () | found -> ground.Fail(String.concat "\n" found)

    member _.Books = books
    /// Shapes of channels met.
    member _.Distinct = distinct
    /// In the middle of everything, each party for itself.
    member _.Everybody() = for node in world.Nodes.Values do defend node

    /// Everything, at the end.
    member _.Everything() =
        for node in world.Nodes.Values do
            if not node.IsStranger then
                whole node
                judge node (Invariant.violations node.Settings node.State)
                defend node
                judge node (CheckFold.whole (node.Journal.Replayed()) node.State)
