/// The canonical life, with a death at every place where a process can die.
module Nitro.PropertyTests.CrashPointTests

open System.Threading.Tasks
open Xunit
open Nitro.Kernel
open Nitro.Node
open Nitro.Simulation

let private line = [ Story.alice; Story.irene; Story.bob ]
let private points = [ BeforeAppend; InAppend; AfterAppend; AfterRelease ]

/// Fund, virtual fund, three payments, defund, withdraw. `deaths`: who dies at which append, and where in it.
let private life seed (deaths: (Address * int * CrashPoint) list) =
    let world = Story.world seed Faults.none

    world.OnJoined <-
        fun node ->
            node.Fate <- fun append -> deaths |> List.tryPick (fun (who, at, point) -> if who = node.Address && at = append then Some point else None) |> ValueOption.ofOption

    Story.join world line
    let left = Story.openLedger world "left" Story.alice Story.irene Story.native 100 100 1UL
    let right = Story.openLedger world "right" Story.irene Story.bob Story.native 100 100 2UL
    let channel = Story.openPayment world "virtual" Story.alice [ Story.irene ] Story.bob 60 3UL
    for i in 1..3 do Story.pay world $"pay{i}" Story.alice channel i
    world.RunUntil("paid", 600, (fun () -> [ 1..3 ] |> List.forall (fun i -> Story.isAnswered world Story.alice $"pay{i}")))
    Story.close world "close" Story.bob line channel
    Story.closeLedger world "closeLeft" Story.alice Story.irene left
    Story.closeLedger world "closeRight" Story.irene Story.bob right
    world.CheckReplay()
    Assert.Equal(94I, Story.paidTo world Story.native Story.alice)
    Assert.Equal(200I, Story.paidTo world Story.native Story.irene)
    Assert.Equal(106I, Story.paidTo world Story.native Story.bob)
    world

let private appends =
    lazy
        (let world = life 1 []
         [ for who in line -> who, world.Nodes[who].Appends ])

[<Fact>]
let ``every node dies at every append, at every point of it, and the money comes out right`` () =
    let all = [ for who, count in appends.Value do for at in 1..count do for point in points -> who, at, point ]
    Assert.True(all.Length > 200)
    Parallel.ForEach(all, (fun death -> life 1 [ death ] |> ignore)) |> ignore

let private pairs (seeds: int seq) =
    let random = Prng 9UL

    let death () =
        let who, count = random.Pick(Array.ofList appends.Value)
        who, random.Between(1, count), random.Pick(Array.ofList points)

    let all = [ for seed in seeds -> seed, [ death (); death () ] ]
    Parallel.ForEach(all, (fun (seed, deaths) -> life seed deaths |> ignore)) |> ignore

[<Fact>]
let ``two deaths in one life, anywhere`` () = pairs (seq { 1..100 })

[<Fact; Trait("Suite", "long")>]
let ``two deaths in one life, two thousand times`` () = pairs (seq { 1_000..2_999 })
