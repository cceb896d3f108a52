namespace Nitro.Protocol

open System
open Nitro.Kernel

/// What the adjudicator keeps of a channel in one word: turn record (48 bits), when it is final (48 bits, seconds since 1970,
/// 0 for never), and the low 160 bits of the hash over (state hash, outcome hash).
[<Struct>]
type internal StatusWord =
    { TurnRecord: TurnNumber
      FinalizesAt: uint64
      Fingerprint: Address }

/// How the contract sees a channel at some block time.
[<Struct>]
type internal ChannelMode =
    /// Nothing is claimed; also a channel never seen.
    | Open
    /// A challenge runs.
    | Challenged
    /// The outcome can be paid out.
    | Finalized

/// What a transfer does to one asset of an outcome.
type internal TransferEffects =
    { /// The allocations with what is still to be paid out.
      Remaining: Allocation list
      /// What each selected allocation is paid.
      Payouts: Allocation list
      /// Nothing is left to pay out.
      AllZero: bool
      Total: Amount }

/// The computations of NitroAdjudicator (MultiAssetHolder, StatusManager). An error is the reason it reverts with.
module internal ContractRules =
    // What Solidity itself reverts with, in the words that the shell decodes them to.
    let withoutData = ""
    let overflow = "panic 0x11: arithmetic overflow or underflow"
    let outOfBounds = "panic 0x32: array index out of bounds"

    /// Low 160 bits of keccak256(abi.encode(stateHash, outcomeHash)).
    let fingerprint (stateHash: Bytes32) (outcomeHash: Bytes32) : Address =
        let bytes = Array.zeroCreate<byte> 64
        stateHash.CopyTo(Span(bytes, 0, 32))
        outcomeHash.CopyTo(Span(bytes, 32, 32))
        let hash = (Keccak.hash bytes).ToArray()
        Address.ofSpan (ReadOnlySpan(hash, 12, 20))

    let private mask48 = 0xFFFF_FFFF_FFFFUL

    /// Turn and time are cut to 48 bits, as the contract's types are.
    let packStatus (status: StatusWord) : Bytes32 =
        let low = Destination.ofAddress status.Fingerprint
        let turn = status.TurnRecord &&& mask48
        let time = status.FinalizesAt &&& mask48

        { low with
            A = (turn <<< 16) ||| (time >>> 32)
            B = (time <<< 32) ||| low.B }

    let unpackStatus (word: Bytes32) : StatusWord =
        { TurnRecord = word.A >>> 16
          FinalizesAt = ((word.A &&& 0xFFFFUL) <<< 32) ||| (word.B >>> 32)
          Fingerprint =
            { High = (word.B <<< 32) ||| (word.C >>> 32)
              Middle = (word.C <<< 32) ||| (word.D >>> 32)
              Low = uint32 word.D } }

    /// The word of a channel whose record, time and hashes are known. Hashes of zero stand for "none", not for a zero fingerprint.
    let statusWord (turnRecord: TurnNumber) (finalizesAt: uint64) (stateHash: Bytes32) (outcomeHash: Bytes32) : Bytes32 =
        packStatus
            { TurnRecord = turnRecord
              FinalizesAt = finalizesAt
              Fingerprint = fingerprint stateHash outcomeHash }

    /// `blockTime` in seconds since 1970.
    let mode (blockTime: uint64) (status: StatusWord) : ChannelMode =
        if status.FinalizesAt = 0UL then Open
        elif status.FinalizesAt > blockTime then Challenged
        else Finalized

    let private nothing: Allocation =
        { Destination = Bytes32.zero
          Amount = Amount.zero
          Type = 0uy
          Metadata = Array.Empty() }

    /// _requireIncreasingIndices.
    let requireIncreasing (indices: int list) : Result<unit, string> =
        if indices |> List.pairwise |> List.forall (fun (a, b) -> a < b) then Ok() else Error "Indices must be sorted"

    /// compute_transfer_effects_and_interactions: pays the allocations at `indices` (all of them if the list is empty) as far as
    /// `held` reaches by priority. Faithful to the contract in two oddities: with the k-th index it looks at the type of
    /// allocation k instead of that of the allocation it pays, and an index beyond the allocations pays nothing to nobody.
    let transfer (held: Amount) (allocations: Allocation list) (indices: int list) : Result<TransferEffects, string> =
        let source = Array.ofList allocations
        let selected = if indices.IsEmpty then [| 0 .. source.Length - 1 |] else Array.ofList indices
        let remaining = Array.copy source
        let payouts = Array.create selected.Length nothing
        let mutable surplus = held
        let mutable paid = 0
        let mutable refused = false

        for index in 0 .. source.Length - 1 do
            let allocation = source[index]
            let affordable = Amount.min allocation.Amount surplus
            surplus <- Amount.lacking surplus affordable

            if paid < selected.Length && selected[paid] = index then
                refused <- refused || source[paid].Type = AllocationType.guarantee
                payouts[paid] <- { allocation with Amount = affordable }
                remaining[index] <- { allocation with Amount = Amount.lacking allocation.Amount affordable }
                paid <- paid + 1

        match requireIncreasing indices with
        | Error reason -> Error reason
        | Ok() when refused -> Error "cannot transfer a guarantee"
        | Ok() ->
            Ok
                { Remaining = List.ofArray remaining
                  Payouts = List.ofArray payouts
                  AllZero = remaining |> Array.forall (fun allocation -> allocation.Amount.IsZero)
                  // No overflow: the payouts together come out of `held`.
                  Total = payouts |> Array.fold (fun sum payout -> Amount.addSaturated sum payout.Amount) Amount.zero }

    /// Adds a share of the finished channel to a ledger's allocation, and to what was reclaimed so far.
    let private credit (target: Allocation list) share (allocation: Allocation, reclaimed: Amount) : Result<Allocation * Amount, string> =
        match List.tryItem share target with
        | None -> Error outOfBounds
        | Some given ->
            match Amount.tryAdd allocation.Amount given.Amount, Amount.tryAdd reclaimed given.Amount with
            | ValueSome sum, ValueSome total -> Ok({ allocation with Amount = sum }, total)
            | _ -> Error overflow

    /// compute_reclaim_effects, with the check of `reclaim` for the guarantee's type: takes the guarantee out of the ledger's
    /// allocations and gives what the finished channel pays its first and second destination to the guarantee's left and right.
    /// As the contract it adds while it walks, so of several reasons to revert the first on the way counts.
    let reclaim (source: Allocation list) (target: Allocation list) (guaranteeIndex: int) : Result<Allocation list, string> =
        /// `left` and `right` are still to be found.
        let rec walk amount left right reclaimed walked (rest: Allocation list) =
            match rest with
            | [] when ValueOption.isSome left -> Error "could not find left"
            | [] when ValueOption.isSome right -> Error "could not find right"
            | [] -> if reclaimed = amount then Ok(List.rev walked) else Error "totalReclaimed!=guarantee.amount"
            | allocation :: rest ->
                let here = ValueSome allocation.Destination
                let whenFound awaited share found = if awaited = here then Result.bind (credit target share) found else found

                match Ok(allocation, reclaimed) |> whenFound left 0 |> whenFound right 1 with
                | Error reason -> Error reason
                | Ok(credited, reclaimed) ->
                    let awaited side = if side = here then ValueNone else side
                    walk amount (awaited left) (awaited right) reclaimed (credited :: walked) rest

        match List.tryItem guaranteeIndex source with
        | None -> Error "could not find target"
        | Some guarantee when guarantee.Type <> AllocationType.guarantee -> Error "not a guarantee allocation"
        | Some guarantee ->
            // The contract does not look at bytes behind the two destinations.
            match Outcome.tryGuaranteeMetadata (Array.truncate 64 guarantee.Metadata) with
            | ValueNone -> Error withoutData
            | ValueSome(struct (left, right)) ->
                List.removeAt guaranteeIndex source
                |> walk guarantee.Amount (ValueSome left) (ValueSome right) Amount.zero []
