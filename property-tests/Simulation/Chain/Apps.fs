namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Simulation.Revert

/// A state with what its signatures recover to.
type internal RecoveredState =
    { Part: VariablePart
      /// By participant, whether it signed.
      SignedBy: bool list }

/// NitroUtils.recoverSigner, and ForceMove's `recoverVariablePart`.
module internal Recovery =
    /// What the precompile takes: v is 27 or 28; s may lie in either half.
    let signer (recover: Recover) (hash: Bytes32) (signature: Signature) =
        let found =
            if signature.V = 27uy || signature.V = 28uy then recover.Invoke(Digest.personal hash, signature) else ValueNone

        found |> some "Invalid signature"

    /// Signers that are no participants are passed over; of a participant named twice only the first place counts.
    let state recover (fixedPart: FixedPart) channel (signed: SignedPart) =
        let hash = lazy State.hash channel signed.Part

        signed.Signatures
        |> all (fun signature -> signer recover hash.Value signature)
        |> Result.map (fun signers ->
            let places = signers |> List.choose (fun signer -> List.tryFindIndex ((=) signer) fixedPart.Participants)

            { Part = signed.Part
              SignedBy = fixedPart.Participants |> List.mapi (fun place _ -> List.contains place places) })

/// Which states the apps support.
module internal Apps =
    let private unanimous state = List.forall id state.SignedBy

    /// ConsensusApp.
    let private consensus (proof: RecoveredState list) candidate =
        transaction {
            do! require proof.IsEmpty "|proof|!=0"
            do! require (unanimous candidate) "!unanimous"
        }

    /// `requireValidVoucher`: its total. Bytes behind the voucher are not looked at.
    let private voucher recover (fixedPart: FixedPart) channel (appData: byte[]) =
        transaction {
            let! struct (total, signature) = Voucher.tryAppData (Array.truncate 128 appData) |> some withoutData
            let! signer = Recovery.signer recover (Voucher.hash { Channel = channel; Total = total }) signature
            let! payer = item 0 fixedPart.Participants
            do! require (signer = payer) "invalid signature for voucher"
            return total
        }

    let private amountAt index (exit: AssetExit) = item index exit.Allocations |> Result.map _.Amount

    /// `requireCorrectAdjustments`, in the order in which the compiled code reads.
    let private adjusted (before: Outcome) (after: Outcome) total =
        match before, after with
        | [ before ], [ after ] when before.Asset = Address.zero && after.Asset = Address.zero ->
            transaction {
                let! payer = amountAt 0 after
                let! deposited = amountAt 0 before
                let! left = Amount.trySubtract deposited total |> some overflow
                do! require (payer = left) "Alice not adjusted correctly"
                let! payee = amountAt 1 after
                do! require (payee = total) "Bob not adjusted correctly"
            }
        | _ -> Error "only native asset allowed"

    let private redemption recover (fixedPart: FixedPart) channel (postFund: RecoveredState) candidate =
        transaction {
            do! require (postFund.Part.Turn = 1UL) "bad proof[0].turnNum; |proof|=1"
            do! require (unanimous postFund) "postfund !unanimous; |proof|=1"
            do! require (candidate.Part.Turn = 2UL) "bad candidate turnNum; |proof|=1"
            do! require (not fixedPart.Participants.IsEmpty) overflow
            do! require (List.last candidate.SignedBy) "redemption not signed by Bob"
            let! total = voucher recover fixedPart channel candidate.Part.AppData
            do! adjusted postFund.Part.Outcome candidate.Part.Outcome total
        }

    /// VirtualPaymentApp.
    let private virtualPayment recover fixedPart channel (proof: RecoveredState list) candidate =
        match proof with
        | [] ->
            transaction {
                do! require (unanimous candidate) "!unanimous; |proof|=0"
                do! require (candidate.Part.Turn <= 1UL) "bad candidate turnNum; |proof|=0"
            }
        | [ postFund ] -> redemption recover fixedPart channel postFund candidate
        | _ -> Error "bad proof length"

    /// ForceMove's `_stateIsSupported`. An address without an app answers nothing.
    let stateIsSupported (recover: Recover) (fixedPart: FixedPart) channel (proof: SignedPart list) (candidate: SignedPart) (deployed: Deployed) =
        transaction {
            let! proof = proof |> all (Recovery.state recover fixedPart channel)
            let! candidate = Recovery.state recover fixedPart channel candidate

            return!
                if fixedPart.App = deployed.ConsensusApp then consensus proof candidate
                elif fixedPart.App = deployed.VirtualPaymentApp then virtualPayment recover fixedPart channel proof candidate
                else Error withoutData
        }
