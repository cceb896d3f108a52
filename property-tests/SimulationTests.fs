/// Whole stories from seeds. `Run.seed` makes one; a failure here names the seed that makes it again.
module Nitro.PropertyTests.SimulationTests

open System
open System.Runtime.CompilerServices
open System.Threading.Tasks
open Xunit
open Xunit.Abstractions
open Nitro.Simulation

let private told (verdict: Verdict) =
    match verdict.Finding with
    | ValueSome finding -> [ $"seed {verdict.Seed}, step {verdict.Steps}: {finding}" ]
    | ValueNone -> []

/// All of them, on as many threads as there are processors.
let private stories options (seeds: uint64 seq) =
    let findings = Collections.Concurrent.ConcurrentBag<string>()

    Parallel.ForEach(seeds, (fun seed -> for finding in told (Run.seed options seed) do findings.Add finding)) |> ignore
    Assert.True(findings.IsEmpty, String.Join("\n\n", findings |> Seq.truncate 5))

[<Fact>]
let ``fixed seeds`` () = stories Run.standard [ 1UL .. 300UL ]

/// Each once showed a bug of the core, when the simulator was as it was then; the tests of openings and closings tell the same in so many words.
[<Fact>]
let ``seeds that once found something`` () =
    stories Run.standard [ 2UL; 52UL; 220UL; 224UL; 243UL; 290UL; 364UL; 389UL; 755UL; 1501UL; 2081UL; 6256UL; 11257UL; 11789UL; 12353UL; 102631UL; 103900UL; 113636UL
                           135107UL; 201084UL; 202128UL; 206507UL; 213354UL; 305177UL ]

let private staged = { Run.standard with IsStaged = true }

[<Fact>]
let ``seeds with the stage between nodes and signers`` () = stories staged [ 1UL .. 200UL ]

[<Fact>]
let ``seeds that once found something, with the stage`` () = stories staged [ 9001940UL; 9005351UL; 77000349UL ]

type Fresh(output: ITestOutputHelper) =
    [<Fact>]
    member _.``fresh seeds``() =
        let first = uint64 (Random.Shared.NextInt64(1L <<< 40))
        output.WriteLine $"fresh seeds {first} to {first + 19UL}"
        stories Run.standard [ first .. first + 9UL ]
        stories staged [ first + 10UL .. first + 19UL ]

[<Fact; Trait("Suite", "long")>]
let ``twenty thousand seeds`` () = stories Run.standard [ 100_001UL .. 120_000UL ]

[<Fact>]
let ``every preset of faults`` () =
    for _, faults in Faults.presets do
        stories { Run.standard with Faults = ValueSome faults } [ 1UL .. 8UL ]

[<Fact>]
let ``the same seed gives the same journals, byte for byte, and another seed others`` () =
    let journals seed =
        [ for records in (Run.seed { Run.standard with IsStaged = (seed = 7UL) } seed).Journals ->
              [ for record in records -> record.At, record.Name, record.Version, Convert.ToHexString record.Body ] ]

    for seed in [ 3UL; 7UL; 11UL ] do
        let first = journals seed
        Assert.True((first = journals seed), $"seed {seed} gave two different stories")
        Assert.False((first = journals (seed + 1UL)))

[<Fact>]
let ``chance is the same on every machine and runtime`` () =
    let random = Prng 42UL
    Assert.Equal<uint64 list>([ 1546998764402558742UL; 6990951692964543102UL; 12544586762248559009UL; 17057574109182124193UL ], [ for _ in 1..4 -> random.Next64() ])

/// In a function of its own, so that nothing here still holds what it made.
[<MethodImpl(MethodImplOptions.NoInlining)>]
let private worlds (seeds: uint64 seq) = [ for seed in seeds -> WeakReference (Run.seed Run.standard seed).Tally ]

[<Fact>]
let ``no run leaves anything behind`` () =
    let made = worlds [ 1UL .. 10UL ]

    for _ in 1..3 do
        GC.Collect()
        GC.WaitForPendingFinalizers()

    Assert.All(made, (fun world -> Assert.False world.IsAlive))
