namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Simulation.Revert

/// ForceMove: challenges, checkpoints, conclusions.
module internal ForceMove =
    let private requireSupported recover fixedPart channel proof candidate (contracts: Contracts) =
        Apps.stateIsSupported recover fixedPart channel proof candidate contracts.Deployed

    let private requireIncreased (turn: TurnNumber) (status: StatusWord) =
        require (turn > status.TurnRecord) "turnNumRecord not increased."

    /// `challenge`.
    let challenge recover blockTime (fixedPart: FixedPart) proof (candidate: SignedPart) challenger contracts =
        let channel = FixedPart.channelId fixedPart
        let turn = candidate.Part.Turn
        let status = Contracts.status channel contracts

        transaction {
            do!
                match ContractRules.mode blockTime status with
                | Open -> require (turn >= status.TurnRecord) "turnNumRecord decreased."
                | Challenged -> requireIncreased turn status
                | Finalized -> Error "Channel finalized."

            do! requireSupported recover fixedPart channel proof candidate contracts
            let stateHash = State.hash channel candidate.Part
            let! signer = Recovery.signer recover (State.challengeHash stateHash) challenger
            do! require (List.contains signer fixedPart.Participants) "Challenger is not a participant"
            let finalizesAt = blockTime + uint64 fixedPart.ChallengeDuration

            let word =
                { TurnRecord = turn
                  FinalizesAt = finalizesAt
                  Fingerprint = ContractRules.fingerprint stateHash (Outcome.hash candidate.Part.Outcome) }

            return StatusManager.set channel word contracts, [ ChallengeRegistered(channel, finalizesAt, proof, candidate) ]
        }

    let private cleared = ContractRules.fingerprint Bytes32.zero Bytes32.zero

    /// `checkpoint`.
    let checkpoint recover blockTime fixedPart proof (candidate: SignedPart) contracts =
        let channel = FixedPart.channelId fixedPart
        let turn = candidate.Part.Turn
        let status = Contracts.status channel contracts

        transaction {
            do! StatusManager.requireNotFinalized blockTime channel contracts
            do! requireIncreased turn status
            do! requireSupported recover fixedPart channel proof candidate contracts

            let log =
                if status.FinalizesAt = 0UL then Checkpointed(channel, turn) else ChallengeCleared(channel, turn)

            let word =
                { TurnRecord = turn
                  FinalizesAt = 0UL
                  Fingerprint = cleared }

            return StatusManager.set channel word contracts, [ log ]
        }

    /// `conclude`: the app is not asked.
    let conclude recover blockTime fixedPart (candidate: SignedPart) contracts =
        let channel = FixedPart.channelId fixedPart

        transaction {
            do! StatusManager.requireNotFinalized blockTime channel contracts
            do! require candidate.Part.IsFinal "State must be final"
            let! state = Recovery.state recover fixedPart channel candidate
            do! require (List.forall id state.SignedBy) "!unanimous"

            let word =
                { TurnRecord = 0UL
                  FinalizesAt = blockTime
                  Fingerprint = ContractRules.fingerprint Bytes32.zero (Outcome.hash candidate.Part.Outcome) }

            return StatusManager.set channel word contracts, [ Concluded(channel, blockTime) ]
        }

/// One transaction after the other.
module internal Execution =
    let private decodableOutcome (outcome: Outcome) = outcome |> List.forall (fun exit -> exit.MetadataType <= 3uy)
    let private decodable (signed: SignedPart) = signed.Part.Turn <= 0xFFFF_FFFF_FFFFUL && decodableOutcome signed.Part.Outcome

    /// Whether the contract can decode the call's data: turns have 48 bits, asset types four values.
    let private isDecodable call =
        match call with
        | Call.Conclude(_, candidate)
        | Call.ConcludeAndTransferAllAssets(_, candidate) -> decodable candidate
        | Call.Challenge(_, proof, candidate, _)
        | Call.Checkpoint(_, proof, candidate) -> List.forall decodable (candidate :: proof)
        | Call.TransferAllAssets(_, outcome, _) -> decodableOutcome outcome
        | Call.Deposit _
        | Call.Transfer _
        | Call.Reclaim _
        | Call.Approve _
        | Call.TokenTransfer _ -> true

    let private silently result : Result<Contracts * ChainEvent list, string> = result |> Result.map (fun contracts -> contracts, [])

    let private execute recover blockTime sender call contracts : Result<Contracts * ChainEvent list, string> =
        match call with
        | Call.Deposit(asset, channel, expectedHeld, amount) -> AssetHolder.deposit sender asset channel expectedHeld amount contracts
        | Call.Conclude(fixedPart, candidate) -> ForceMove.conclude recover blockTime fixedPart candidate contracts
        | Call.ConcludeAndTransferAllAssets(fixedPart, candidate) ->
            transaction {
                let! contracts, concluded = ForceMove.conclude recover blockTime fixedPart candidate contracts
                let channel = FixedPart.channelId fixedPart
                let! contracts, paid = AssetHolder.transferAllAssets blockTime channel candidate.Part.Outcome Bytes32.zero contracts
                return contracts, concluded @ paid
            }
        | Call.Challenge(fixedPart, proof, candidate, challenger) ->
            ForceMove.challenge recover blockTime fixedPart proof candidate challenger contracts
        | Call.Checkpoint(fixedPart, proof, candidate) -> ForceMove.checkpoint recover blockTime fixedPart proof candidate contracts
        | Call.TransferAllAssets(channel, outcome, stateHash) -> AssetHolder.transferAllAssets blockTime channel outcome stateHash contracts
        | Call.Transfer(assetIndex, channel, outcome, stateHash, indices) ->
            AssetHolder.transfer blockTime assetIndex channel outcome stateHash indices contracts
        | Call.Reclaim arguments -> AssetHolder.reclaim blockTime arguments contracts
        | Call.Approve(token, amount) -> Erc20.approve token sender amount contracts |> silently
        | Call.TokenTransfer(token, recipient, amount) -> Erc20.transfer token sender recipient amount contracts |> silently

    /// What a transaction in a block of that time (seconds since 1970) makes of the contracts and which logs the adjudicator
    /// writes, in order; or why it reverts: then nothing happened. An empty reason: reverted without data.
    let run (recover: Recover) (blockTime: uint64) (sender: Address) (call: Call) (contracts: Contracts) =
        if isDecodable call then execute recover blockTime sender call contracts else Error withoutData

    /// NitroAdjudicator's view `stateIsSupported`, or why it is not.
    let stateIsSupported recover fixedPart proof candidate (contracts: Contracts) : Result<unit, string> =
        if List.forall decodable (candidate :: proof) then
            Apps.stateIsSupported recover fixedPart (FixedPart.channelId fixedPart) proof candidate contracts.Deployed
        else
            Error withoutData
