namespace Nitro.PropertyTests.Chain

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Simulation

/// A sensible thing to do next.
[<RequireQualifiedAccess>]
type internal Move =
    /// What the ledger still lacks, of each asset in turn.
    | Fund of part: int
    | FundVirtual
    | Approve
    | Give
    /// With the ledger's state of a turn.
    | Challenge of turn: int
    | Checkpoint of turn: int
    | Conclude
    | ConcludeAndPay
    /// The virtual channel with its pre-fund or post-fund state.
    | ChallengeVirtual of turn: int
    | CheckpointVirtual of turn: int
    | Redeem of total: int
    | ConcludeVirtual
    | PayAll
    | PayVirtual
    | PaySome of indices: int list
    | Reclaim

/// What is done before all challenges have run out, and what afterwards.
type internal Life = { Before: Move list; After: Move list }

/// A line of a sequence: at what time, by whom, what.
type internal Line =
    { Time: uint64
      Sender: Address
      Call: Call }

/// What a sequence goes by: whoever pays out or reclaims must show the outcome that stands on chain.
type internal Plot =
    { Cast: Cast
      Contracts: Contracts
      Now: uint64
      /// State hash and outcome of challenged and concluded channels.
      Shown: Map<ChannelId, Bytes32 * Outcome> }

/// Moves as calls, and what they leave.
module internal Plot =
    let private shown (channel: ChannelId) (otherwise: VariablePart) (plot: Plot) =
        match Map.tryFind channel plot.Shown with
        | Some found -> found
        | None -> State.hash channel otherwise, otherwise.Outcome

    let private ledgerShown (plot: Plot) = shown plot.Cast.LedgerId (Cast.ledgerPart plot.Cast 3 false) plot
    let private virtualShown (plot: Plot) = shown plot.Cast.VirtualId (Cast.redemptionPart plot.Cast 10) plot

    let private reclaim (plot: Plot) =
        let sourceHash, source = ledgerShown plot
        let targetHash, target = virtualShown plot

        Call.Reclaim
            { Source = plot.Cast.LedgerId
              SourceStateHash = sourceHash
              SourceOutcome = Outcome.encode source
              SourceAssetIndex = 0
              GuaranteeIndex = 2
              TargetStateHash = targetHash
              TargetOutcome = Outcome.encode target
              TargetAssetIndex = 0 }

    /// The move as things stand.
    let call (plot: Plot) (move: Move) : Call =
        let cast = plot.Cast
        let signedLedger turn isFinal = Cast.sign cast.Ledger cast.LedgerParties (Cast.ledgerPart cast turn isFinal)
        let signedVirtual turn isFinal = Cast.sign cast.Virtual cast.VirtualParties (Cast.virtualPart cast turn isFinal)

        let deposit asset channel value =
            Call.Deposit(asset, channel, Contracts.holdings asset channel plot.Contracts, Cast.amount value)

        match move with
        | Move.Fund part ->
            let value = if part < 2 then 100 - part * 20 else Cast.funding
            deposit cast.Assets[part % cast.Assets.Length] cast.LedgerId value
        | Move.FundVirtual -> deposit cast.Assets.Head cast.VirtualId 15
        | Move.Approve -> Call.Approve(cast.Token, Cast.amount 1_000)
        | Move.Give -> Call.TokenTransfer(cast.Token, cast.Bob.Address, Cast.amount 3)
        | Move.Challenge turn ->
            let candidate = signedLedger turn false
            Call.Challenge(cast.Ledger, [], candidate, Cast.challenger cast.Ledger cast.Alice candidate.Part)
        | Move.Checkpoint turn -> Call.Checkpoint(cast.Ledger, [], signedLedger turn false)
        | Move.Conclude -> Call.Conclude(cast.Ledger, signedLedger 6 true)
        | Move.ConcludeAndPay -> Call.ConcludeAndTransferAllAssets(cast.Ledger, signedLedger 6 true)
        | Move.ChallengeVirtual turn ->
            let candidate = signedVirtual turn false
            Call.Challenge(cast.Virtual, [], candidate, Cast.challenger cast.Virtual cast.Irene candidate.Part)
        | Move.CheckpointVirtual turn -> Call.Checkpoint(cast.Virtual, [], signedVirtual turn false)
        | Move.Redeem total ->
            let candidate = Cast.sign cast.Virtual [ cast.Bob ] (Cast.redemptionPart cast total)
            Call.Challenge(cast.Virtual, [ signedVirtual 1 false ], candidate, Cast.challenger cast.Virtual cast.Bob candidate.Part)
        | Move.ConcludeVirtual -> Call.Conclude(cast.Virtual, signedVirtual 2 true)
        | Move.PayAll ->
            let stateHash, outcome = ledgerShown plot
            Call.TransferAllAssets(cast.LedgerId, outcome, stateHash)
        | Move.PayVirtual ->
            let stateHash, outcome = virtualShown plot
            Call.TransferAllAssets(cast.VirtualId, outcome, stateHash)
        | Move.PaySome indices ->
            let stateHash, outcome = ledgerShown plot
            Call.Transfer(max 0 (outcome.Length - 1), cast.LedgerId, Outcome.encode outcome, stateHash, indices)
        | Move.Reclaim -> reclaim plot

    let private remaining (before: Contracts) channel (indices: int list) (only: int voption) (outcome: Outcome) : Outcome =
        outcome
        |> List.mapi (fun index exit ->
            if only <> ValueNone && only <> ValueSome index then
                exit
            else
                match ContractRules.transfer (Contracts.holdings exit.Asset channel before) exit.Allocations indices with
                | Ok effects -> { exit with Allocations = effects.Remaining }
                | Error _ -> exit)

    let private decoded bytes = match Outcome.tryDecode bytes with ValueSome outcome -> outcome | ValueNone -> []

    /// After a call that succeeded.
    let next (call: Call) (after: Contracts) (plot: Plot) : Plot =
        let show channel hash outcome = Map.add channel (hash, outcome) plot.Shown

        let shown =
            match call with
            | Call.Challenge(fixedPart, _, candidate, _) ->
                let channel = FixedPart.channelId fixedPart
                show channel (State.hash channel candidate.Part) candidate.Part.Outcome
            | Call.Conclude(fixedPart, candidate) -> show (FixedPart.channelId fixedPart) Bytes32.zero candidate.Part.Outcome
            | Call.ConcludeAndTransferAllAssets(fixedPart, candidate) ->
                let channel = FixedPart.channelId fixedPart
                show channel Bytes32.zero (remaining plot.Contracts channel [] ValueNone candidate.Part.Outcome)
            | Call.TransferAllAssets(channel, outcome, hash) -> show channel hash (remaining plot.Contracts channel [] ValueNone outcome)
            | Call.Transfer(index, channel, outcome, hash, indices) ->
                show channel hash (remaining plot.Contracts channel indices (ValueSome index) (decoded outcome))
            | Call.Reclaim arguments ->
                let source, target = decoded arguments.SourceOutcome, decoded arguments.TargetOutcome

                match ContractRules.reclaim source.Head.Allocations target.Head.Allocations arguments.GuaranteeIndex with
                | Ok allocations ->
                    let reduced = { source.Head with Allocations = allocations } :: source.Tail
                    show arguments.Source arguments.SourceStateHash reduced
                | Error _ -> plot.Shown
            | Call.Deposit _
            | Call.Checkpoint _
            | Call.Approve _
            | Call.TokenTransfer _ -> plot.Shown

        { plot with Contracts = after; Shown = shown }

    /// When the last challenge that runs ends.
    let allFinal (plot: Plot) =
        [ plot.Cast.LedgerId; plot.Cast.VirtualId ]
        |> List.map (fun channel -> (Contracts.status channel plot.Contracts).FinalizesAt)
        |> List.max

/// Lives of channels, with the oddities that suit them.
module internal Script =
    let private paying =
        [ Twist.Plain; Twist.Plain; Twist.IntoChannel; Twist.ToContract; Twist.ToNobody; Twist.Twice; Twist.Greedy; Twist.Empty; Twist.NoToken ]

    let private guaranteeing =
        [ Twist.Plain; Twist.Plain; Twist.StrangeLeft; Twist.StrangeRight; Twist.TooLarge; Twist.ShortMetadata; Twist.LongMetadata
          Twist.OldType; Twist.Huge ]

    /// Of native coin only; the others are of coin, of tokens, or of both.
    let private virtualLives =
        [ { Before = [ Move.Fund 2; Move.Redeem 10; Move.Challenge 3 ]
            After = [ Move.Reclaim; Move.PayAll ] }
          { Before = [ Move.Fund 2; Move.Challenge 4; Move.Redeem 25 ]
            After = [ Move.PayAll; Move.Reclaim; Move.PaySome [ 0; 1 ]; Move.PaySome [] ] }
          // The contract refuses guarantees by the wrong index, so this one is paid out.
          { Before = [ Move.Fund 2; Move.Challenge 3; Move.Redeem 30 ]
            After = [ Move.PaySome [ 1; 2 ]; Move.PayVirtual; Move.PaySome [ 0 ]; Move.Reclaim; Move.PayAll ] }
          { Before = [ Move.Challenge 3; Move.ChallengeVirtual 0; Move.CheckpointVirtual 1; Move.Redeem 40 ]
            After = [ Move.Reclaim; Move.Reclaim; Move.Fund 2; Move.PayAll ] }
          { Before = [ Move.Fund 0; Move.Challenge 5; Move.ConcludeVirtual ]
            After = [ Move.Reclaim; Move.FundVirtual; Move.PayVirtual; Move.PayAll; Move.PayVirtual ] } ]

    let private ledgerLives =
        [ { Before = [ Move.Approve; Move.Fund 0; Move.Fund 1; Move.ConcludeAndPay; Move.ConcludeAndPay ]; After = [] }
          { Before = [ Move.Approve; Move.Fund 2; Move.Conclude; Move.PaySome [ 1 ]; Move.PaySome []; Move.PayAll ]; After = [] }
          { Before = [ Move.Fund 0; Move.Approve; Move.Challenge 1; Move.Checkpoint 2; Move.Checkpoint 3; Move.Challenge 3; Move.Challenge 4 ]
            After = [ Move.PayAll ] }
          { Before = [ Move.Approve; Move.Fund 0; Move.Fund 1; Move.Fund 2; Move.Challenge 2 ]
            After = [ Move.PayAll; Move.Challenge 0; Move.Fund 2 ] }
          { Before = [ Move.Approve; Move.Give; Move.Fund 0; Move.Challenge 2; Move.Conclude; Move.Fund 1; Move.PaySome [ 0 ]; Move.Checkpoint 4; Move.PayAll ]; After = [] }
          { Before = [ Move.ConcludeAndPay; Move.Approve; Move.Fund 0; Move.PayAll; Move.Fund 1; Move.PayAll; Move.Give ]; After = [] } ]

    let private assets (token: Address) = [ [ Address.zero ]; [ token ]; [ Address.zero; token ] ]

    let private pick (random: Random) (items: 'T list) = items[random.Next items.Length]

    /// A life at random.
    let draw (random: Random) (deployed: Deployed) token : Cast * Life =
        if random.Next 2 = 0 then
            Cast.draw random deployed token [ Address.zero ] (pick random guaranteeing), pick random virtualLives
        else
            Cast.draw random deployed token (pick random (assets token)) (pick random paying), pick random ledgerLives

    /// The first life of either sort with each oddity, the others as they are.
    let every (random: Random) (deployed: Deployed) token : (Cast * Life) list =
        let meet (lives: Life list) (twists: Twist list) assets =
            [ for twist in List.distinct twists do Cast.draw random deployed token assets twist, lives.Head
              for life in lives.Tail do Cast.draw random deployed token assets Twist.Plain, life ]

        meet virtualLives guaranteeing [ Address.zero ] @ meet ledgerLives paying [ Address.zero; token ]
