namespace Nitro.Simulation

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Engine

/// What a run is asked to be; whatever is not given is drawn from its seed.
type internal RunOptions =
    { People: int voption
      Faults: Faults voption
      /// At most so many wishes, and none of these.
      Wishes: int voption
      Skipped: Set<int>
      /// How many are byzantine.
      Mallories: int voption
      /// What these are up to, by the names in `Mallory.names`; none: drawn.
      Tricks: string list
      Care: Care
      /// The stage stands between nodes and signers. Without it the seeds of old mean what they meant.
      IsStaged: bool
      /// Keeps a trace of everything from the start.
      IsTraced: bool }

/// What became of a run. `Trace`: only where it was asked for.
type internal Verdict =
    { Seed: uint64
      /// What a check found: a bug of ours.
      Finding: string voption
      /// Items of the agenda.
      Steps: int64
      /// Steps of the core.
      CoreSteps: int64
      Facts: int64
      /// Microseconds of simulated time.
      Simulated: int64
      Tally: IReadOnlyDictionary<string, int64>
      /// Shapes of channels met.
      Distinct: IReadOnlyCollection<int64>
      /// By node.
      Journals: IReadOnlyList<IReadOnlyList<JournalRecord>>
      /// What the story was drawn to be.
      Swarm: Swarm
      /// What each node believed at the end, in words; only where a trace was asked for.
      Beliefs: string list
      Trace: IReadOnlyList<Happening> }

module internal Run =
    let standard =
        { People = ValueNone
          Faults = ValueNone
          Wishes = ValueNone
          Skipped = Set.empty
          Mallories = ValueNone
          Tricks = []
          Care = Care.standard
          IsStaged = false
          IsTraced = false }

    /// From a stream of its own, so that a run without byzantine peers is the same as ever.
    let private unleash (options: RunOptions) (seed: uint64) (world: SimulatedWorld) (swarm: Swarm) (inspector: Inspector) =
        let random = Prng(seed ^^^ 0x4D61_6C6C_6F72_79UL)

        match Mallory.choose random options.Mallories swarm.People with
        | [||] -> ValueNone
        | members -> ValueSome(Mallory.unleash world inspector.Books random members options.Tricks swarm.Pause)

    let private live options seed (world: SimulatedWorld) (swarm: Swarm) (callers: Callers) (inspector: Inspector) =
        for who in swarm.People do world.Join(swarm.Settings who)
        let band = unleash options seed world swarm inspector
        callers.Begin()
        while not callers.IsDone do world.Run 10
        world.Run(world.Random.Next 120)
        inspector.Everybody()
        ValueOption.iter Mallory.rest band
        Ending(world, callers, inspector.Books).Play()
        inspector.Everything()

    /// One whole story. The same seed and options give the same one, byte for byte.
    let seed (options: RunOptions) (seed: uint64) : Verdict =
        let random = Prng seed
        let drawn = Swarm.draw random options.People options.Faults

        let swarm =
            { drawn with
                Count = (match options.Wishes with ValueSome most -> min most drawn.Count | ValueNone -> drawn.Count)
                Skipped = options.Skipped }

        let world = SimulatedWorld(random.Next64(), swarm.Faults)
        world.Ground.IsTracing <- options.IsTraced
        world.Ground.IsStaged <- options.IsStaged
        let inspector = Inspector(world, options.Care)
        let callers = Callers(world, swarm)
        let start = world.Now.Micros

        let finding =
            try
                live options seed world swarm callers inspector
                ValueNone
            with
            | Broken finding -> ValueSome finding
            | Contradiction reason -> ValueSome reason
            | :? InvalidOperationException
            | :? NullReferenceException
            | :? KeyNotFoundException
            | :? ArgumentException as e -> ValueSome $"threw {e}"

        for struct (sender, offence) in world.Offences do
            if MalloryDependence.isStranger world sender then world.Ground.Count $"offence: {offence.Code}"

        { Seed = seed
          Finding = finding
          Steps = world.Ground.Agenda.Taken
          CoreSteps = (match world.Ground.Tally.TryGetValue "steps" with | true, count -> count | _ -> 0L)
          Facts = world.Nodes.Values |> Seq.sumBy (fun node -> int64 node.Journal.Count)
          Simulated = world.Now.Micros - start
          Tally = world.Ground.Tally
          Distinct = inspector.Distinct
          Journals = [| for node in world.Nodes.Values -> node.Journal.Records :> IReadOnlyList<JournalRecord> |]
          Swarm = swarm
          Beliefs = if options.IsTraced then Beliefs.ofWorld world else []
          Trace = world.Ground.Trace }
