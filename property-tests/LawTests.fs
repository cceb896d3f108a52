module Nitro.PropertyTests.LawTests

open Xunit
open FsCheck
open FsCheck.FSharp
open Nitro.Kernel
open Nitro.Node
open Nitro.Engine
open Nitro.Simulation

/// A whole life, judged at every step.
let private judged seed faults (judge: Settings -> NodeState -> Envelope -> Step -> string list) =
    let world = Story.world seed faults

    world.OnStep <-
        fun settings before envelope step ->
            match judge settings before envelope step with
            | [] -> ()
            | found ->
                let text = String.concat "\n" found
                invalidOp $"seed {seed}: {settings.Me} after {envelope.Event}: {text}"

    Story.join world [ Story.alice; Story.irene; Story.bob ]
    let first = if seed % 2 = 0 then Story.alice, Story.irene else Story.irene, Story.alice
    let left = Story.openLedger world "left" (fst first) (snd first) Story.native 100 100 1UL
    let right = Story.openLedger world "right" Story.irene Story.bob Story.native 100 100 2UL
    let channel = Story.openPayment world "virtual" Story.alice [ Story.irene ] Story.bob 60 3UL
    for i in 1..4 do Story.pay world $"pay{i}" Story.alice channel i
    world.RunUntil("paid", 3_000, (fun () -> [ 1..4 ] |> List.forall (fun i -> Story.isAnswered world Story.alice $"pay{i}")))
    Story.close world "close" Story.bob [ Story.alice; Story.irene; Story.bob ] channel
    Story.closeLedger world "closeLeft" Story.irene Story.alice left
    Story.closeLedger world "closeRight" Story.bob Story.irene right
    world

let private check lives property =
    Check.One(Config.QuickThrowOnFailure.WithMaxTest lives, Prop.forAll (ArbMap.defaults |> ArbMap.arbitrary<int>) property)

[<Fact>]
let ``one input gives one step, the same event again gives nothing, and no effect leaves without its promise`` () =
    check 6 (fun seed ->
        judged (abs seed) Faults.rough Laws.ofStep |> ignore
        true)

[<Fact>]
let ``by its own evidence no node ever has less than its payments leave it`` () =
    check 6 (fun seed ->
        judged (abs seed) Faults.rough (fun _ _ _ step -> Laws.ofMoney step.State) |> ignore
        true)

[<Fact>]
let ``facts fold into tables that are changed in place as into any others`` () =
    check 4 (fun seed ->
        judged (abs seed) Faults.rough (fun _ before envelope step -> Laws.ofDrafts before envelope step) |> ignore
        true)

[<Fact>]
let ``replaying the journal gives the live state, through the journal's bytes too`` () =
    check 4 (fun seed ->
        (judged (abs seed) Faults.rough (fun _ _ _ _ -> [])).CheckReplay()
        true)
