namespace Nitro.PropertyTests.Chain

open System
open System.Collections.Generic
open System.Threading.Tasks
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Simulation

/// How often each kind of call succeeded, and each reason to revert was given.
type internal Coverage() =
    let succeeded = SortedDictionary<string, int>(StringComparer.Ordinal)
    let reverted = SortedDictionary<string, int>(StringComparer.Ordinal)

    let count (table: SortedDictionary<string, int>) key =
        table[key] <- (match table.TryGetValue key with | true, known -> known + 1 | _ -> 1)

    let lines (table: SortedDictionary<string, int>) = [ for KeyValue(key, times) in table -> $"{times, 6}  {key}" ]

    static member Kind(call: Call) =
        match call with
        | Call.Deposit(asset, _, _, _) -> if asset = Address.zero then "deposit coin" else "deposit tokens"
        | Call.Conclude _ -> "conclude"
        | Call.ConcludeAndTransferAllAssets _ -> "concludeAndTransferAllAssets"
        | Call.Challenge(_, proof, _, _) -> if proof.IsEmpty then "challenge" else "challenge with proof"
        | Call.Checkpoint _ -> "checkpoint"
        | Call.TransferAllAssets _ -> "transferAllAssets"
        | Call.Transfer _ -> "transfer"
        | Call.Reclaim _ -> "reclaim"
        | Call.Approve _ -> "approve"
        | Call.TokenTransfer _ -> "token transfer"

    member _.Note(call: Call, found: Result<'T, string>) =
        match found with
        | Ok _ -> count succeeded (Coverage.Kind call)
        | Error reason -> count reverted reason

    member _.Succeeded kind = match succeeded.TryGetValue kind with | true, times -> times | _ -> 0
    member _.Reasons = List.ofSeq reverted.Keys
    override _.ToString() = String.Join('\n', "succeeded:" :: lines succeeded @ "reverted:" :: lines reverted)

/// One call on the model and on the real contracts.
type internal Comparison(chain: RealChain) =
    let views (cast: Cast) (call: Call) : View list =
        let channels =
            [ cast.LedgerId
              cast.VirtualId
              Cast.elsewhere
              match call with
              | Call.Conclude(fixedPart, _)
              | Call.ConcludeAndTransferAllAssets(fixedPart, _)
              | Call.Challenge(fixedPart, _, _, _)
              | Call.Checkpoint(fixedPart, _, _) -> FixedPart.channelId fixedPart
              | Call.Deposit _
              | Call.TransferAllAssets _
              | Call.Transfer _
              | Call.Reclaim _
              | Call.Approve _
              | Call.TokenTransfer _ -> () ]

        [ for channel in channels do
              Status channel
              Held(Address.zero, channel)
              Held(cast.Token, channel)

          for account in cast.Deployed.Adjudicator :: chain.Senders @ (cast.VirtualParties |> List.map _.Address) do
              TokensOf(cast.Token, account)

          for sender in chain.Senders do AllowanceOf(cast.Token, sender)
          for party in cast.VirtualParties do CoinOf party.Address ]

    let modelled (contracts: Contracts) (view: View) : Bytes32 =
        let word (amount: Amount) =
            let bytes = Array.zeroCreate<byte> 32
            Amount.copyTo (Span bytes) amount
            Bytes32.ofSpan (ReadOnlySpan bytes)

        match view with
        | Status channel -> Contracts.status channel contracts |> ContractRules.packStatus
        | Held(asset, channel) -> Contracts.holdings asset channel contracts |> word
        | TokensOf(token, account) -> Contracts.tokenBalance token account contracts |> word
        | AllowanceOf(token, owner) -> Contracts.allowance token owner contracts |> word
        | CoinOf account -> Contracts.paid Address.zero account contracts |> word

    /// All of it on both; the plot after it.
    member _.Step(coverage: Coverage, plot: Plot, line: Line) : Task<Plot> =
        task {
            let expected = Execution.run RealCurve.recover line.Time line.Sender line.Call plot.Contracts
            let! found = chain.Execute(plot.Cast.Deployed, line.Time, line.Sender, line.Call)
            coverage.Note(line.Call, found)
            if found <> Result.map snd expected then Assert.Fail $"the chain: %A{found}\nthe model: %A{Result.map snd expected}"

            match expected with
            | Error _ -> return { plot with Now = line.Time }
            | Ok(after, _) ->
                let asked = views plot.Cast line.Call
                let! read = chain.Read(plot.Cast.Deployed, asked)

                for view, word in List.zip asked read do
                    if modelled after view <> word then
                        Assert.Fail $"%A{view}: the chain has {word}, the model {modelled after view}"

                for asset in [ Address.zero; plot.Cast.Token ] do
                    Assert.True(Contracts.isConserved asset after, "money appeared or vanished")

                return { Plot.next line.Call after plot with Now = line.Time }
        }

    /// Whether both would do the same; the plot stays as it is.
    member _.Try(coverage: Coverage, plot: Plot, line: Line) : Task<Plot> =
        task {
            let expected = Execution.run RealCurve.recover line.Time line.Sender line.Call plot.Contracts |> Result.map ignore
            let! found = chain.Try(plot.Cast.Deployed, line.Time, line.Sender, line.Call)
            coverage.Note(line.Call, found)
            if found <> expected then Assert.Fail $"the chain: %A{found}\nthe model: %A{expected}"
            return plot
        }
