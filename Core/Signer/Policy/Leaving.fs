namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer

/// When a payment channel is over for good. Our signature under a removal does not tell: where we lead, the node may have lost it before anybody
/// heard, and the final state with it, and will ask for both again. The other side's does, since it agrees to none before it has all of the end.
module internal Leaving =
    let private guaranteed (ledger: SignerChannel) =
        ledger.Supported
        |> ValueOption.bind (fun seen -> Ledger.tryRead ledger.Dialect seen.Variable.Outcome)
        |> ValueOption.map _.Guarantees

    /// Its post-fund was signed, so every guarantee that it can ever have has been there: no addition is still on its way.
    let private isOver (target: SignerChannel) =
        target.Backing.IsEmpty && target.Leaving.IsEmpty && (SignerChannel.final target).IsSome && SignerChannel.hasSigned Turn.postFund target

    let private leave (ledger: SignerChannel) (state: SignerState) target =
        match state.Channels.TryFind target with
        | Some target ->
            let left = { target with Leaving = target.Leaving.Remove ledger.Id }
            if isOver left then Memory.retire left state else Memory.put left state
        // Only a memory that was tampered with names one that it has not.
        | None -> state

    /// `ledger` is in `state`; its newest state that both have signed may be a newer one than before.
    let settle (ledger: SignerChannel) (state: SignerState) : SignerState =
        match (if ledger.Leaving.IsEmpty then ValueNone else guaranteed ledger) with
        | ValueSome guarantees ->
            let gone, still = ledger.Leaving |> Set.partition (fun target -> not (guarantees.ContainsKey target))
            if gone.IsEmpty then state
            else gone |> Set.fold (leave ledger) (Memory.put { ledger with Leaving = still } state)
        | ValueNone -> state
