namespace Nitro.Signer.Policy

open Nitro.Protocol

/// Rule 21 where there is no final state: when the guarantee of an opening that never counted may go back at the opening's amounts.
module internal GivingBack =
    /// As intermediary whose post-fund is signed: it may be paid out of one guarantee, and the other one covers that.
    let isBound (target: SignerChannel) =
        SignerChannel.isIntermediary target && SignerChannel.hasSigned Turn.postFund target

    /// The neighbour that we pay has countersigned, in every ledger with it, that this is not guaranteed; nor have we signed anything else
    /// there since.
    let private isPaidSideFree (state: SignerState) (target: SignerChannel) =
        let isFree (ledger: SignerChannel) =
            Ledgers.isLeft ledger target <> ValueSome true
            || (not (target.Backing.Contains ledger.Id) && (Ledgers.supported target.Id ledger).IsNone)

        state.Channels.Values |> Seq.forall (fun channel -> channel.Kind <> Ledger || isFree channel)

    /// What we put in ourselves comes back whole, at any time. What an intermediary got in covers that, and goes second; a payee's only
    /// before a payment can have counted.
    let check (state: SignerState) (ledger: SignerChannel) (target: SignerChannel) : Finding =
        if not (SignerChannel.hasSigned Turn.postFund target) then Pass
        else
            match Ledgers.isLeft ledger target with
            | ValueSome true -> Pass
            | ValueSome false when isBound target -> Rule.await (isPaidSideFree state target)
            | ValueSome false -> Rule.require (not (SignerChannel.isOpen target) && target.Received.IsZero)
            | ValueNone -> Refused
