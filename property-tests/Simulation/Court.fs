namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire

/// A copy of the contracts on which a dispute is fought to its end, and what everybody can read of it.
[<Sealed>]
type internal Court(start: Contracts, time: uint64) =
    let mutable contracts = start
    let mutable now = time
    // What was last registered of a channel: the state's hash (zero for a conclusion), turn and outcome.
    let registered = Dictionary<ChannelId, struct (Bytes32 * TurnNumber * Outcome)>()

    member _.Contracts = contracts
    member _.Now = now
    member _.Wait(seconds: uint64) = now <- now + seconds
    member _.Registered(id: ChannelId) = match registered.TryGetValue id with | true, found -> ValueSome found | _ -> ValueNone
    member _.IsFinal(id: ChannelId) = Contracts.mode now id contracts = Finalized

    /// False: it reverts, and nothing happened.
    member _.Try(sender: Address, call: Call) : bool =
        match Execution.run FakeCurve.recover now sender call contracts with
        | Ok(next, _) ->
            contracts <- next
            true
        | Error _ -> false

    member this.Challenge(by: Address, fixedPart: FixedPart, proof: SignedPart list, candidate: SignedPart) =
        let id = FixedPart.channelId fixedPart
        let hash = State.hash id candidate.Part
        let signature = FakeCurve.sign by (Digest.personal (State.challengeHash hash))

        if this.Try(by, Call.Challenge(fixedPart, proof, candidate, signature)) then
            registered[id] <- struct (hash, candidate.Part.Turn, candidate.Part.Outcome)

    member this.Conclude(by: Address, fixedPart: FixedPart, candidate: SignedPart) =
        if this.Try(by, Call.Conclude(fixedPart, candidate)) then
            registered[FixedPart.channelId fixedPart] <- struct (Bytes32.zero, 0UL, candidate.Part.Outcome)

    /// Dissolves the guarantee for a finished channel in a finished ledger.
    member this.Reclaim(by: Address, ledger: ChannelId, target: ChannelId) =
        match this.Registered ledger, this.Registered target with
        | ValueSome(struct (hash, turn, outcome)), ValueSome(struct (targetHash, _, targetOutcome)) when this.IsFinal ledger && this.IsFinal target ->
            let exit = List.head outcome

            match exit.Allocations |> List.tryFindIndex (fun line -> line.Destination = target.Value) with
            | Some index ->
                let arguments =
                    { Source = ledger
                      SourceStateHash = hash
                      SourceOutcome = Outcome.encode outcome
                      SourceAssetIndex = 0
                      GuaranteeIndex = index
                      TargetStateHash = targetHash
                      TargetOutcome = Outcome.encode targetOutcome
                      TargetAssetIndex = 0 }

                if this.Try(by, Call.Reclaim arguments) then
                    match ContractRules.reclaim exit.Allocations (List.head targetOutcome).Allocations index with
                    | Ok allocations -> registered[ledger] <- struct (hash, turn, [ { exit with Allocations = allocations } ])
                    | Error _ -> ()
            | None -> ()
        | _ -> ()

    /// Pays one party of a finished ledger.
    member this.PayOut(by: Address, ledger: ChannelId) =
        match this.Registered ledger with
        | ValueSome(struct (hash, _, outcome)) when this.IsFinal ledger ->
            match (List.head outcome).Allocations |> List.tryFindIndex (fun line -> line.Destination = Destination.ofAddress by) with
            | Some index -> this.Try(by, Call.Transfer(0, ledger, Outcome.encode outcome, hash, [ index ])) |> ignore
            | None -> ()
        | _ -> ()
