namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire

/// An ERC-20 token (OpenZeppelin 4.6). Accounts that are absent have nothing.
type internal Token =
    { Balances: Map<Address, Amount>
      /// What the adjudicator may take, by owner.
      Allowances: Map<Address, Amount> }

/// Where the contracts stand. They take no coin, so a payment to one of them reverts.
type internal Deployed =
    { Adjudicator: Address
      ConsensusApp: Address
      VirtualPaymentApp: Address }

/// NitroAdjudicator and the tokens it deals in, as one value: `Execution.run` gives the next one, a copy costs nothing. The zero
/// address is the native coin, of which every account has as much as it wants to deposit. Not modelled: gas, payments to
/// contracts other than these, channels of more than 255 parties, tokens that are not as OpenZeppelin writes them.
type internal Contracts =
    { Deployed: Deployed
      /// `statusOf`; an absent channel has the zero word.
      Statuses: Map<ChannelId, StatusWord>
      /// `holdings`, by channel and asset.
      Holdings: Map<ChannelId, Funds>
      Tokens: Map<Address, Token>
      /// All that was ever deposited, by asset.
      Deposited: Funds
      /// All that was ever paid out, by account and asset.
      Paid: Map<Address, Funds> }

/// A transaction to the adjudicator or to a token, by the names of their functions. The sender always sends the value that a
/// deposit of the native coin asks for, and none otherwise.
[<RequireQualifiedAccess>]
type internal Call =
    | Deposit of asset: Address * channel: ChannelId * expectedHeld: Amount * amount: Amount
    | Conclude of FixedPart * candidate: SignedPart
    | ConcludeAndTransferAllAssets of FixedPart * candidate: SignedPart
    | Challenge of FixedPart * proof: SignedPart list * candidate: SignedPart * challenger: Signature
    | Checkpoint of FixedPart * proof: SignedPart list * candidate: SignedPart
    | TransferAllAssets of ChannelId * Outcome * stateHash: Bytes32
    | Transfer of assetIndex: int * ChannelId * outcome: byte[] * stateHash: Bytes32 * indices: int list
    | Reclaim of ReclaimArguments
    /// Of a token, to the adjudicator.
    | Approve of token: Address * amount: Amount
    | TokenTransfer of token: Address * recipient: Address * amount: Amount

/// Solidity's `require`, checked arithmetic and checked indices. A reason reads as ContractRules says.
module internal Revert =
    let withoutData = ContractRules.withoutData
    let overflow = ContractRules.overflow
    let require condition (reason: string) : Result<unit, string> = if condition then Ok() else Error reason
    let some reason (value: 'T voption) : Result<'T, string> = match value with ValueSome v -> Ok v | ValueNone -> Error reason

    let item index (items: 'T list) : Result<'T, string> =
        match List.tryItem index items with
        | Some item -> Ok item
        | None -> Error ContractRules.outOfBounds

    /// Folds until something reverts.
    let rec fold (folder: 'S -> 'T -> Result<'S, string>) (state: 'S) (items: 'T list) : Result<'S, string> =
        match items with
        | [] -> Ok state
        | head :: tail ->
            match folder state head with
            | Ok next -> fold folder next tail
            | Error reason -> Error reason

    let all (f: 'T -> Result<'U, string>) (items: 'T list) : Result<'U list, string> =
        items |> fold (fun found item -> f item |> Result.map (fun next -> next :: found)) [] |> Result.map List.rev

    /// `let!` and `do!` end at the first revert.
    type Builder() =
        member _.Bind(value: Result<'T, string>, next: 'T -> Result<'U, string>) = Result.bind next value
        member _.Return(value: 'T) : Result<'T, string> = Ok value
        member _.ReturnFrom(value: Result<'T, string>) = value

    /// A transaction: all of it, or the reason why nothing of it happened.
    let transaction = Builder()

/// What can be read.
module internal Contracts =
    let deploy (deployed: Deployed) : Contracts =
        { Deployed = deployed
          Statuses = Map.empty
          Holdings = Map.empty
          Tokens = Map.empty
          Deposited = Funds.empty
          Paid = Map.empty }

    /// With a token whose whole supply is the owner's.
    let withToken (token: Address) (owner: Address) (supply: Amount) (contracts: Contracts) : Contracts =
        let fresh =
            { Balances = Funds.empty |> Funds.set owner supply
              Allowances = Map.empty }

        { contracts with Tokens = Map.add token fresh contracts.Tokens }

    let private fundsOf key (funds: Map<'K, Funds>) = match Map.tryFind key funds with Some found -> found | None -> Funds.empty

    /// All that a channel holds, by asset.
    let held (channel: ChannelId) (contracts: Contracts) : Funds = fundsOf channel contracts.Holdings

    /// `holdings`.
    let holdings asset channel contracts : Amount = held channel contracts |> Funds.get asset

    /// `unpackStatus`.
    let status (channel: ChannelId) (contracts: Contracts) : StatusWord =
        match Map.tryFind channel contracts.Statuses with
        | Some word -> word
        | None -> ContractRules.unpackStatus Bytes32.zero

    /// `_mode`; the block's time in seconds since 1970.
    let mode (blockTime: uint64) channel contracts : ChannelMode = ContractRules.mode blockTime (status channel contracts)

    /// All that an account was ever paid out of channels.
    let paid asset (account: Address) (contracts: Contracts) : Amount = fundsOf account contracts.Paid |> Funds.get asset

    /// `balanceOf`.
    let tokenBalance token account (contracts: Contracts) : Amount =
        match Map.tryFind token contracts.Tokens with
        | Some found -> Funds.get account found.Balances
        | None -> Amount.zero

    /// `allowance` of the adjudicator.
    let allowance token owner (contracts: Contracts) : Amount =
        match Map.tryFind token contracts.Tokens with
        | Some found -> Funds.get owner found.Allowances
        | None -> Amount.zero

    let private total asset (funds: Map<'K, Funds>) =
        let mutable sum = 0I
        for KeyValue(_, found) in funds do sum <- sum + (Funds.get asset found).Value
        sum

    /// What all channels hold of an asset.
    let totalHeld asset (contracts: Contracts) : bigint = total asset contracts.Holdings

    /// What all accounts were paid of an asset.
    let totalPaid asset (contracts: Contracts) : bigint = total asset contracts.Paid

    /// All that was put in is there or was paid out.
    let isConserved asset contracts = totalHeld asset contracts + totalPaid asset contracts = (Funds.get asset contracts.Deposited).Value
