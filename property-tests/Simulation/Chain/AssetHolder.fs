namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Simulation.Revert

/// ERC-20 as OpenZeppelin writes it.
module internal Erc20 =
    let private change address f (contracts: Contracts) =
        match Map.tryFind address contracts.Tokens with
        | None -> Ok contracts
        | Some token -> f token |> Result.map (fun changed -> { contracts with Tokens = Map.add address changed contracts.Tokens })

    /// `_transfer`.
    let private move (from: Address) (recipient: Address) (amount: Amount) (token: Token) =
        transaction {
            do! require (from <> Address.zero) "ERC20: transfer from the zero address"
            do! require (recipient <> Address.zero) "ERC20: transfer to the zero address"
            let! left = Amount.trySubtract (Funds.get from token.Balances) amount |> some "ERC20: transfer amount exceeds balance"
            let! balances = token.Balances |> Funds.set from left |> Funds.tryAdd recipient amount |> some overflow
            return { token with Balances = balances }
        }

    let private unlimited = Amount.ofSpan (System.ReadOnlySpan(Array.create 32 255uy))

    /// `_spendAllowance` towards the adjudicator.
    let private spend (owner: Address) (amount: Amount) (token: Token) =
        let allowed = Funds.get owner token.Allowances

        if allowed = unlimited then
            Ok token
        else
            Amount.trySubtract allowed amount
            |> some "ERC20: insufficient allowance"
            |> Result.map (fun left -> { token with Allowances = Funds.set owner left token.Allowances })

    /// `approve`. At an address without a token this, as any call to an account, does nothing.
    let approve token (owner: Address) (amount: Amount) contracts =
        contracts |> change token (fun found -> Ok { found with Allowances = Funds.set owner amount found.Allowances })

    /// `transfer`; see `approve`.
    let transfer token from recipient amount contracts = contracts |> change token (move from recipient amount)

    /// SafeERC20's `safeTransferFrom`, called by the adjudicator for itself.
    let take token (owner: Address) (amount: Amount) (contracts: Contracts) =
        let adjudicator = contracts.Deployed.Adjudicator

        if Map.containsKey token contracts.Tokens then
            contracts |> change token (spend owner amount >> Result.bind (move owner adjudicator amount))
        elif token = adjudicator || token = contracts.Deployed.ConsensusApp || token = contracts.Deployed.VirtualPaymentApp then
            Error "SafeERC20: low-level call failed"
        else
            Error "Address: call to non-contract"

/// StatusManager, and what MultiAssetHolder asks of it.
module internal StatusManager =
    let set (channel: ChannelId) (word: StatusWord) (contracts: Contracts) : Contracts =
        { contracts with Statuses = Map.add channel word contracts.Statuses }

    let delete (channel: ChannelId) (contracts: Contracts) : Contracts = { contracts with Statuses = Map.remove channel contracts.Statuses }

    /// `_updateFingerprint`.
    let updateFingerprint channel stateHash (outcome: Outcome) contracts =
        let fingerprint = ContractRules.fingerprint stateHash (Outcome.hash outcome)
        set channel { Contracts.status channel contracts with Fingerprint = fingerprint } contracts

    /// `_requireChannelFinalized`.
    let requireFinalized blockTime channel contracts =
        require (Contracts.mode blockTime channel contracts = Finalized) "Channel not finalized."

    /// `_requireChannelNotFinalized`.
    let requireNotFinalized blockTime channel contracts =
        require (Contracts.mode blockTime channel contracts <> Finalized) "Channel finalized."

    /// `_requireMatchingFingerprint`.
    let requireFingerprint channel stateHash outcomeHash contracts =
        let expected = ContractRules.fingerprint stateHash outcomeHash
        require ((Contracts.status channel contracts).Fingerprint = expected) "incorrect fingerprint"

/// MultiAssetHolder, and NitroAdjudicator's pay-out of a whole outcome.
module internal AssetHolder =
    let private setHoldings asset channel amount (contracts: Contracts) : Contracts =
        let funds = Contracts.held channel contracts |> Funds.set asset amount

        { contracts with
            Holdings =
                if funds.IsEmpty then Map.remove channel contracts.Holdings else Map.add channel funds contracts.Holdings }

    let private credit asset channel amount contracts =
        Amount.tryAdd (Contracts.holdings asset channel contracts) amount
        |> some overflow
        |> Result.map (fun sum -> setHoldings asset channel sum contracts)

    /// `deposit`.
    let deposit (sender: Address) asset (channel: ChannelId) (expectedHeld: Amount) amount (contracts: Contracts) =
        transaction {
            do! require (not (Destination.isExternal channel.Value)) "Deposit to external destination"
            do! require (Contracts.holdings asset channel contracts = expectedHeld) "held != expectedHeld"
            let! contracts = if asset = Address.zero then Ok contracts else Erc20.take asset sender amount contracts
            let! contracts = credit asset channel amount contracts
            let! deposited = Funds.tryAdd asset amount contracts.Deposited |> some overflow
            let log = Deposited(channel, asset, Contracts.holdings asset channel contracts)
            return { contracts with Deposited = deposited }, [ log ]
        }

    let private takesNoCoin account (contracts: Contracts) =
        account = contracts.Deployed.Adjudicator
        || account = contracts.Deployed.ConsensusApp
        || account = contracts.Deployed.VirtualPaymentApp
        || Map.containsKey account contracts.Tokens

    /// `_transferAsset`.
    let private pay asset (account: Address) amount (contracts: Contracts) =
        transaction {
            let! contracts =
                if asset = Address.zero then
                    require (not (takesNoCoin account contracts)) "Could not transfer ETH" |> Result.map (fun () -> contracts)
                elif Map.containsKey asset contracts.Tokens then
                    Erc20.transfer asset contracts.Deployed.Adjudicator account amount contracts
                else
                    Error withoutData

            let already = match Map.tryFind account contracts.Paid with Some funds -> funds | None -> Funds.empty
            let! funds = Funds.tryAdd asset amount already |> some overflow
            return { contracts with Paid = if funds.IsEmpty then contracts.Paid else Map.add account funds contracts.Paid }
        }

    /// `_executeSingleAssetExit`: to accounts, or into other channels.
    let private execute asset (payouts: Allocation list) contracts =
        payouts
        |> fold
            (fun contracts payout ->
                match Destination.tryAddress payout.Destination with
                | ValueSome account -> pay asset account payout.Amount contracts
                | ValueNone -> credit asset (ChannelId payout.Destination) payout.Amount contracts)
            contracts

    /// Takes a payout out of the holdings and tells so. `before`: what the holdings were when the payouts were computed.
    let private release channel index asset (before: Amount) (total: Amount) contracts =
        Amount.trySubtract (Contracts.holdings asset channel contracts) total
        |> some overflow
        |> Result.map (fun after -> setHoldings asset channel after contracts, AllocationUpdated(channel, index, before, after))

    /// `transferAllAssets`.
    let transferAllAssets blockTime channel (outcome: Outcome) stateHash contracts =
        transaction {
            do! StatusManager.requireFinalized blockTime channel contracts
            do! StatusManager.requireFingerprint channel stateHash (Outcome.hash outcome) contracts

            let! exits =
                outcome
                |> all (fun exit ->
                    let before = Contracts.holdings exit.Asset channel contracts

                    ContractRules.transfer before exit.Allocations []
                    |> Result.map (fun effects -> exit, before, effects))

            let! contracts, logs, _ =
                exits
                |> fold
                    (fun (contracts, logs, index) (exit, before, effects) ->
                        release channel index exit.Asset before effects.Total contracts
                        |> Result.map (fun (contracts, log) -> contracts, log :: logs, index + 1))
                    (contracts, [], 0)

            let remaining = exits |> List.map (fun (exit, _, effects) -> { exit with Allocations = effects.Remaining })

            let settled =
                if exits |> List.forall (fun (_, _, effects) -> effects.AllZero) then
                    StatusManager.delete channel contracts
                else
                    StatusManager.updateFingerprint channel stateHash remaining contracts

            let! paid = exits |> fold (fun contracts (exit, _, effects) -> execute exit.Asset effects.Payouts contracts) settled
            return paid, List.rev logs
        }

    /// abi.decode; an asset type beyond the enumeration is not decoded.
    let private decode (bytes: byte[]) =
        match Outcome.tryDecode bytes with
        | ValueSome outcome when outcome |> List.forall (fun exit -> exit.MetadataType <= 3uy) -> Ok outcome
        | _ -> Error withoutData

    let private withAllocations index allocations (outcome: Outcome) : Outcome =
        outcome |> List.mapi (fun at exit -> if at = index then { exit with Allocations = allocations } else exit)

    /// `transfer`.
    let transfer blockTime assetIndex channel (outcomeBytes: byte[]) stateHash indices contracts =
        transaction {
            do! ContractRules.requireIncreasing indices
            do! StatusManager.requireFinalized blockTime channel contracts
            do! StatusManager.requireFingerprint channel stateHash (Keccak.hash outcomeBytes) contracts
            let! outcome = decode outcomeBytes
            let! exit = item assetIndex outcome
            let before = Contracts.holdings exit.Asset channel contracts
            let! effects = ContractRules.transfer before exit.Allocations indices
            let! contracts, log = release channel assetIndex exit.Asset before effects.Total contracts
            let remaining = withAllocations assetIndex effects.Remaining outcome
            let! contracts = contracts |> StatusManager.updateFingerprint channel stateHash remaining |> execute exit.Asset effects.Payouts
            return contracts, [ log ]
        }

    /// `reclaim`.
    let reclaim blockTime (arguments: ReclaimArguments) contracts =
        transaction {
            let source = arguments.Source
            do! StatusManager.requireFinalized blockTime source contracts
            do! StatusManager.requireFingerprint source arguments.SourceStateHash (Keccak.hash arguments.SourceOutcome) contracts
            let! sourceOutcome = decode arguments.SourceOutcome
            let! targetOutcome = decode arguments.TargetOutcome
            let! sourceExit = item arguments.SourceAssetIndex sourceOutcome
            let! guarantee = item arguments.GuaranteeIndex sourceExit.Allocations
            do! require (guarantee.Type = AllocationType.guarantee) "not a guarantee allocation"
            let target = ChannelId guarantee.Destination
            let! targetExit = item arguments.TargetAssetIndex targetOutcome
            do! require (targetExit.Asset = sourceExit.Asset) "targetAsset != guaranteeAsset"
            do! StatusManager.requireFinalized blockTime target contracts
            do! StatusManager.requireFingerprint target arguments.TargetStateHash (Keccak.hash arguments.TargetOutcome) contracts
            let! allocations = ContractRules.reclaim sourceExit.Allocations targetExit.Allocations arguments.GuaranteeIndex
            let reduced = withAllocations arguments.SourceAssetIndex allocations sourceOutcome
            let contracts = StatusManager.updateFingerprint source arguments.SourceStateHash reduced contracts
            return contracts, [ Reclaimed(source, arguments.SourceAssetIndex) ]
        }
