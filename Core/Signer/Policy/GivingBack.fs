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

    /// An end has one guarantee only, so its own post-fund does not bind it before a payment can. What an intermediary put in itself
    /// it may take back at any time; what came in covers that, and goes second.
    let check (state: SignerState) (ledger: SignerChannel) (target: SignerChannel) : Finding =
        let unpaid = target.Marks.VoucherTotal.IsZero && target.Received.IsZero

        if not (SignerChannel.hasSigned Turn.postFund target) then Pass
        elif isBound target then
            match Ledgers.isLeft ledger target with
            | ValueSome true -> Pass
            | ValueSome false -> Rule.await (isPaidSideFree state target)
            | ValueNone -> Refused
        else
            Rule.require (not (SignerChannel.isOpen target) && unpaid)
