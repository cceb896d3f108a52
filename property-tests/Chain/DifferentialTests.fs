namespace Nitro.PropertyTests.Chain

open System
open System.Collections.Generic
open System.Threading.Tasks
open Xunit
open Xunit.Abstractions
open Nitro.Protocol
open Nitro.Simulation

/// Random sequences of calls, each made of a sensible life with wrong calls in between, against the model and the real contracts.
[<Sealed>]
type public DifferentialTests(chain: RealChain, output: ITestOutputHelper) =
    static let mostCalls = 12
    let comparison = Comparison chain

    /// How many wrong versions of each move to try, so that there are at most `mostCalls` in all.
    let drawMistakes (random: Random) (moves: Move list) : int[] =
        // There are most ways to spoil what has a proof.
        let weight move =
            match move with
            | Move.Redeem _ -> 6
            | Move.Reclaim
            | Move.Challenge _
            | Move.ChallengeVirtual _
            | Move.CheckpointVirtual _ -> 2
            | Move.Fund _
            | Move.FundVirtual
            | Move.Approve
            | Move.Give
            | Move.Checkpoint _
            | Move.Conclude
            | Move.ConcludeAndPay
            | Move.ConcludeVirtual
            | Move.PayAll
            | Move.PayVirtual
            | Move.PaySome _ -> 1

        let places = [ for place, move in List.indexed moves do for _ in 1 .. weight move do place ]
        let counts = Array.zeroCreate<int> moves.Length

        for _ in 1 .. random.Next(1, mostCalls + 1 - moves.Length) do
            let place = places[random.Next places.Length]
            counts[place] <- counts[place] + 1

        counts

    /// Lives through all moves. Before each, `attempt` makes the wrong calls that `spoil` picks from all there are.
    let perform title coverage (random: Random) (cast: Cast, life: Life) attempt (spoil: int -> (string * Call) list -> (string * Call) list) : Task =
        task {
            do! chain.Reset()
            let said = List<string>()

            let mutable plot =
                { Cast = cast
                  Contracts = chain.Model
                  Now = chain.StartTime
                  Shown = Map.empty }

            let line time remark call =
                let sender = if random.Next 8 = 0 then chain.Senders[random.Next 3] else chain.Senders.Head
                said.Add $"+{time - chain.StartTime} s, {sender}: {Coverage.Kind call}, {remark}"
                { Time = time; Sender = sender; Call = call }

            try
                for place, move in List.indexed (life.Before @ life.After) do
                    let final = Plot.allFinal plot
                    let atOnce = place = life.Before.Length && final > plot.Now + 1UL
                    let soon () = plot.Now + (if atOnce then 1UL else uint64 (random.Next(1, 4)))

                    if atOnce then
                        let! next = attempt (coverage, plot, line (final - 1UL) $"%A{move}, a second too early" (Plot.call plot move))
                        plot <- { next with Now = final - 1UL }

                    for name, wrong in Plot.call plot move |> Mistakes.all cast |> spoil place do
                        let! next = attempt (coverage, plot, line (soon ()) $"%A{move}: {name}" wrong)
                        plot <- next

                    let! next = comparison.Step(coverage, plot, line (soon ()) $"%A{move}" (Plot.call plot move))
                    plot <- next
            with problem ->
                let story = String.Join('\n', said)
                raise (InvalidOperationException($"{title}, %A{cast.Twist}, %A{cast.Ledger}:\n{story}\n{problem.Message}", problem))
        }

    let play coverage (seed: int) : Task =
        let random = Random seed
        let cast, life = Script.draw random chain.Model.Deployed chain.Token
        let mistakes = drawMistakes random (life.Before @ life.After)
        let pick (wrong: (string * Call) list) = wrong[random.Next wrong.Length]
        perform $"sequence {seed}" coverage random (cast, life) comparison.Step (fun place wrong -> [ for _ in 1 .. mistakes[place] do pick wrong ])

    let kinds =
        [ "deposit coin"; "deposit tokens"; "conclude"; "concludeAndTransferAllAssets"; "challenge"; "challenge with proof"; "checkpoint"
          "transferAllAssets"; "transfer"; "reclaim"; "approve"; "token transfer" ]

    /// All that these contracts can revert with, but for sums beyond 2^256 and a wrong value sent along.
    let reasons =
        [ ContractRules.withoutData; ContractRules.overflow; ContractRules.outOfBounds
          "held != expectedHeld"; "Deposit to external destination"; "ERC20: insufficient allowance"; "ERC20: transfer amount exceeds balance"
          "ERC20: transfer to the zero address"; "Address: call to non-contract"; "SafeERC20: low-level call failed"; "Could not transfer ETH"
          "Channel not finalized."; "Channel finalized."; "incorrect fingerprint"; "cannot transfer a guarantee"; "Indices must be sorted"
          "not a guarantee allocation"; "targetAsset != guaranteeAsset"; "could not find left"; "could not find right"
          "totalReclaimed!=guarantee.amount"; "turnNumRecord decreased."; "turnNumRecord not increased."; "Invalid signature"
          "Challenger is not a participant"; "State must be final"; "!unanimous"; "|proof|!=0"; "!unanimous; |proof|=0"
          "bad candidate turnNum; |proof|=0"; "bad proof[0].turnNum; |proof|=1"; "postfund !unanimous; |proof|=1"
          "bad candidate turnNum; |proof|=1"; "redemption not signed by Bob"; "invalid signature for voucher"; "only native asset allowed"
          "Alice not adjusted correctly"; "Bob not adjusted correctly"; "bad proof length" ]

    let playAll least seeds =
        task {
            let coverage = Coverage()
            for seed in seeds do do! play coverage seed
            output.WriteLine(string coverage)
            for kind in kinds do Assert.True(coverage.Succeeded kind >= least, $"{kind} succeeded {coverage.Succeeded kind} times")
        }

    [<Fact>]
    member _.``A hundred fixed sequences go as on a real chain``() : Task = playAll 5 [ 1..100 ]

    [<Fact>]
    member _.``A hundred fresh sequences go as on a real chain``() : Task =
        let first = Random.Shared.Next()
        output.WriteLine $"sequences {first} to {first + 99}"
        playAll 1 [ first .. first + 99 ]

    [<Fact>]
    member _.``Each wrong call at each place of each life is refused as on a real chain``() : Task =
        task {
            let coverage = Coverage()
            let random = Random 1

            for place, life in List.indexed (Script.every random chain.Model.Deployed chain.Token) do
                do! perform $"life {place}" coverage random life comparison.Try (fun _ wrong -> wrong)

            output.WriteLine(string coverage)
            Assert.Equal<string list>(List.sort reasons, coverage.Reasons)
        }

    interface IClassFixture<RealChain>
