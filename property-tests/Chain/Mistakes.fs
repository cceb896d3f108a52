namespace Nitro.PropertyTests.Chain

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Simulation

/// Wrong ways to make a call, by name. Most spoil one thing and sign what they changed, so that the contract gets as far as
/// the check that refuses it; a few are only unusual, and succeed.
module internal Mistakes =
    let private other (hash: Bytes32) = { hash with D = hash.D + 1UL }

    let private spoil (signature: Signature) (v: byte) = { signature with V = v }

    let private withoutFirst (signed: SignedPart) = { signed with SignedPart.Signatures = signed.Signatures.Tail }

    let private changeFirst change (signed: SignedPart) =
        { signed with SignedPart.Signatures = change signed.Signatures.Head :: signed.Signatures.Tail }

    /// Of signatures: `parties` are those who should sign.
    let private signing (cast: Cast) (fixedPart: FixedPart) (parties: Party list) (signed: SignedPart) : (string * SignedPart) list =
        let again parties part = Cast.sign fixedPart parties part
        let types = signed.Part.Outcome |> List.map (fun exit -> { exit with MetadataType = 4uy })

        [ "a signature less", withoutFirst signed
          "a stranger's signature besides", again (cast.Mallory :: parties) signed.Part
          "a stranger instead", again (cast.Mallory :: parties.Tail) signed.Part
          "one signature twice", again (parties.Head :: parties.Head :: parties.Tail.Tail) signed.Part
          "signatures in another order", again (List.rev parties) signed.Part
          "a signature with v 29", signed |> changeFirst (fun signature -> spoil signature 29uy)
          "a signature with v 0 or 1", signed |> changeFirst (fun signature -> spoil signature (signature.V - 27uy))
          "a signature with zeros", signed |> changeFirst (fun signature -> { signature with R = Bytes32.zero; S = Bytes32.zero })
          "something else signed", { signed with SignedPart.Part = { signed.Part with Turn = signed.Part.Turn + 1UL } }
          "an asset type that is none", again parties { signed.Part with Outcome = types }
          "a turn of 49 bits", again parties { signed.Part with Turn = 1UL <<< 48 } ]

    let private reclaiming (cast: Cast) (call: ReclaimArguments) : (string * ReclaimArguments) list =
        let foreign = Outcome.encode [ Cast.exit cast.Mallory.Address [] ]

        [ "wrong source hash", { call with SourceStateHash = other call.SourceStateHash }
          "wrong target hash", { call with TargetStateHash = other call.TargetStateHash }
          "a plain allocation", { call with GuaranteeIndex = 0 }
          "no such allocation", { call with GuaranteeIndex = 9 }
          "no such source asset", { call with SourceAssetIndex = 3 }
          "no such target asset", { call with TargetAssetIndex = 3 }
          "no target outcome", { call with TargetOutcome = Array.Empty() }
          "a target of another asset", { call with TargetOutcome = foreign }
          "the target is the source", { call with Source = cast.VirtualId; SourceOutcome = call.TargetOutcome; SourceStateHash = call.TargetStateHash } ]

    let private raised (outcome: Outcome) : Outcome =
        match outcome with
        | exit :: rest ->
            { exit with
                Allocations = exit.Allocations |> List.map (fun line -> { line with Amount = Amount.addSaturated line.Amount Amount.one }) }
            :: rest
        | [] -> [ Cast.exit Address.zero [] ]

    /// Of what supports a state.
    let private support (cast: Cast) (fixedPart: FixedPart) proof (candidate: SignedPart) : (string * FixedPart * SignedPart list * SignedPart) list =
        let parties = if fixedPart.App = cast.Ledger.App then cast.LedgerParties else cast.VirtualParties
        let redeems = not (List.isEmpty proof)
        let elsewhere = { fixedPart with App = cast.Mallory.Address }

        let postFund change =
            [ Cast.sign fixedPart parties (change (Cast.virtualPart cast 1 false)) ]

        let redemption change =
            Cast.sign fixedPart [ cast.Bob ] (change (Cast.redemptionPart cast 10))

        let paying payer payee (part: VariablePart) =
            match part.Outcome with
            | [ exit ] ->
                let line place value = { exit.Allocations[place] with Amount = Cast.amount value }
                { part with Outcome = [ { exit with Allocations = [ line 0 payer; line 1 payee ] } ] }
            | _ -> part

        let allocations lines (part: VariablePart) : VariablePart =
            { part with Outcome = part.Outcome |> List.map (fun exit -> { exit with Allocations = List.truncate lines exit.Allocations }) }

        let data bytes (part: VariablePart) : VariablePart = { part with AppData = bytes }
        let turn number (part: VariablePart) : VariablePart = { part with Turn = number }
        let tokens (part: VariablePart) : VariablePart = { part with Outcome = part.Outcome |> List.map (fun exit -> { exit with Asset = cast.Token }) }
        let valid = Cast.voucher cast cast.Alice 10

        [ if not redeems then
              for name, signed in signing cast fixedPart parties candidate do name, fixedPart, [], signed

          "an app that is none", elsewhere, [], Cast.sign elsewhere parties candidate.Part
          "the ledger's state with a proof", cast.Ledger, [ candidate ], Cast.sign cast.Ledger cast.LedgerParties (Cast.ledgerPart cast 5 false)
          "no participants", { cast.Ledger with Participants = [] }, [], { candidate with Signatures = [] }

          if fixedPart = cast.Ledger && candidate.Part.Turn > 0UL then
              let older = Cast.ledgerPart cast (int candidate.Part.Turn - 1) false
              "an older turn", fixedPart, [], Cast.sign fixedPart parties older

          if redeems then
              "no proof", fixedPart, [], candidate
              "turn 2, signed by all, no proof", fixedPart, [], Cast.sign fixedPart parties (Cast.virtualPart cast 2 false)
              "two proofs", fixedPart, proof @ proof, candidate
              "proof and candidate exchanged", fixedPart, [ candidate ], proof.Head
              "a proof of turn 0", fixedPart, postFund (turn 0UL), candidate
              "a proof that one did not sign", fixedPart, proof |> List.map withoutFirst, candidate
              "a proof with v 29", fixedPart, proof |> List.map (changeFirst (fun signature -> spoil signature 29uy)), candidate
              "a redemption of turn 3", fixedPart, proof, redemption (turn 3UL)
              "a redemption signed by Alice", fixedPart, proof, Cast.sign fixedPart [ cast.Alice ] candidate.Part
              "a voucher of Mallory's", fixedPart, proof, redemption (data (Cast.voucher cast cast.Mallory 10))
              "a voucher with v 29", fixedPart, proof, redemption (data (Array.mapi (fun at byte -> if at = 63 then 29uy else byte) valid))
              "a voucher with a v of two bytes", fixedPart, proof, redemption (data (Array.mapi (fun at byte -> if at = 62 then 1uy else byte) valid))
              "no voucher", fixedPart, proof, redemption (data (Array.Empty()))
              "a voucher that is cut", fixedPart, proof, redemption (data (Array.truncate 127 valid))
              "a voucher with more behind it", fixedPart, proof, redemption (data (Array.append valid [| 1uy; 2uy |]))
              "a voucher above the deposit", fixedPart, proof, redemption (fun _ -> { Cast.redemptionPart cast 10 with AppData = Cast.voucher cast cast.Alice 41 })
              "above the deposit, and no allocations", fixedPart, proof, redemption (allocations 0 >> data (Cast.voucher cast cast.Alice 41))
              "no allocations", fixedPart, proof, redemption (allocations 0)
              "one allocation", fixedPart, proof, redemption (allocations 1)
              "a proof without allocations", fixedPart, postFund (allocations 0), candidate
              "the payer keeps too much", fixedPart, proof, redemption (paying 31 10)
              "the payee gets too much", fixedPart, proof, redemption (paying 30 11)
              "tokens in the proof", fixedPart, postFund tokens, candidate
              "tokens in the redemption", fixedPart, proof, redemption tokens
              "two assets", fixedPart, proof, redemption (fun part -> { part with Outcome = part.Outcome @ part.Outcome })
              "nobody there to redeem", { fixedPart with Participants = [] }, [ { proof.Head with Signatures = [] } ], { candidate with Signatures = [] } ]

    let private conclusion (cast: Cast) (fixedPart: FixedPart) (candidate: SignedPart) =
        let parties = if fixedPart.App = cast.Ledger.App then cast.LedgerParties else cast.VirtualParties
        let nobody = { cast.Ledger with Participants = [] }
        let twins = { cast.Ledger with Participants = [ cast.Alice.Address; cast.Alice.Address ] }

        [ for name, signed in signing cast fixedPart parties candidate do name, fixedPart, signed
          "not final", fixedPart, Cast.sign fixedPart parties { candidate.Part with IsFinal = false }
          "a channel of nobody", nobody, { candidate with Signatures = [] }
          "a channel of one party twice", twins, Cast.sign twins [ cast.Alice; cast.Alice ] candidate.Part ]

    let private depositing (cast: Cast) asset channel held amount =
        [ "stale holdings", Call.Deposit(asset, channel, Amount.addSaturated held Amount.one, amount)
          "to an account", Call.Deposit(asset, ChannelId(Cast.destination cast.Alice), held, amount)
          "of an account as asset", Call.Deposit(cast.Mallory.Address, channel, Amount.zero, amount)
          "of a contract that is no token", Call.Deposit(cast.Deployed.ConsensusApp, channel, Amount.zero, amount)
          "more tokens than allowed", Call.Deposit(cast.Token, Cast.elsewhere, Amount.zero, Cast.amount 1_000_000)
          "nothing", Call.Deposit(asset, channel, held, Amount.zero) ]

    /// All that can be done wrong about a call.
    let all (cast: Cast) (call: Call) : (string * Call) list =
        match call with
        | Call.Deposit(asset, channel, held, amount) -> depositing cast asset channel held amount
        | Call.Conclude(fixedPart, candidate) ->
            [ for name, fixedPart, candidate in conclusion cast fixedPart candidate do name, Call.Conclude(fixedPart, candidate) ]
        | Call.ConcludeAndTransferAllAssets(fixedPart, candidate) ->
            [ for name, fixedPart, candidate in conclusion cast fixedPart candidate do
                  name, Call.ConcludeAndTransferAllAssets(fixedPart, candidate) ]
        | Call.Challenge(fixedPart, proof, candidate, signature) ->
            let hash = State.hash (FixedPart.channelId fixedPart) candidate.Part

            [ "a stranger challenges", Call.Challenge(fixedPart, proof, candidate, Cast.challenger fixedPart cast.Mallory candidate.Part)
              "the state signed in place of the challenge", Call.Challenge(fixedPart, proof, candidate, RealCurve.sign cast.Alice.Key hash)
              "a challenge with v 29", Call.Challenge(fixedPart, proof, candidate, spoil signature 29uy)
              for name, fixedPart, proof, candidate in support cast fixedPart proof candidate do
                  name, Call.Challenge(fixedPart, proof, candidate, Cast.challenger fixedPart cast.Alice candidate.Part) ]
        | Call.Checkpoint(fixedPart, proof, candidate) ->
            [ for name, fixedPart, proof, candidate in support cast fixedPart proof candidate do
                  name, Call.Checkpoint(fixedPart, proof, candidate) ]
        | Call.TransferAllAssets(channel, outcome, stateHash) ->
            let types = outcome |> List.map (fun exit -> { exit with MetadataType = 4uy })

            [ "wrong state hash", Call.TransferAllAssets(channel, outcome, other stateHash)
              "wrong outcome", Call.TransferAllAssets(channel, raised outcome, stateHash)
              "an asset type that is none", Call.TransferAllAssets(channel, types, stateHash)
              "another channel", Call.TransferAllAssets(Cast.elsewhere, outcome, stateHash) ]
        | Call.Transfer(index, channel, outcome, stateHash, indices) ->
            [ "indices that fall", Call.Transfer(index, channel, outcome, stateHash, [ 1; 0 ])
              "an index twice", Call.Transfer(index, channel, outcome, stateHash, [ 1; 1 ])
              "an index beyond", Call.Transfer(index, channel, outcome, stateHash, [ 0; 7 ])
              "no such asset", Call.Transfer(4, channel, outcome, stateHash, indices)
              "wrong state hash", Call.Transfer(index, channel, outcome, other stateHash, indices)
              "no outcome", Call.Transfer(index, channel, Array.Empty(), stateHash, indices) ]
        | Call.Reclaim arguments -> [ for name, arguments in reclaiming cast arguments do name, Call.Reclaim arguments ]
        | Call.Approve(token, _) -> [ "nothing", Call.Approve(token, Amount.zero); "at an account", Call.Approve(cast.Mallory.Address, Amount.one) ]
        | Call.TokenTransfer(token, recipient, _) ->
            [ "to nobody", Call.TokenTransfer(token, Address.zero, Amount.one)
              "too much", Call.TokenTransfer(token, recipient, Amount.ofSpan (ReadOnlySpan(Array.create 32 255uy))) ]
