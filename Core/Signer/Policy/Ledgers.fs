namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol

/// Reads a ledger's balances and guarantees out of the state that was signed.
module internal Ledgers =
    /// The ledger as it was signed last.
    let current (channel: SignerChannel) : LedgerOutcome voption =
        if channel.Kind <> Ledger then ValueNone
        else
            match channel.Last with
            | ValueSome last -> Ledger.tryRead channel.Dialect last.Outcome
            | ValueNone -> ValueNone

    /// The guarantee as both parties of the ledger have signed it.
    let supported target (channel: SignerChannel) : Guarantee voption =
        match channel.Supported with
        | ValueSome seen ->
            match Ledger.tryRead channel.Dialect seen.Variable.Outcome with
            | ValueSome ledger -> (match ledger.Guarantees.TryFind target with Some found -> ValueSome found | None -> ValueNone)
            | ValueNone -> ValueNone
        | ValueNone -> ValueNone

    let peer (channel: SignerChannel) = channel.Fixed.Participants[1 - channel.Mine]

    /// A payment channel's opening balances: payer's and payee's.
    let opening (channel: SignerChannel) : LedgerOutcome voption = Ledger.tryOpening channel.Opening.Outcome

    /// On this ledger, whether we are the guarantee's left; nothing where the ledger's peer is no neighbour of ours in the channel.
    let isLeft (ledger: SignerChannel) (target: SignerChannel) : bool voption =
        let peer = peer ledger
        let at index = List.tryItem index target.Fixed.Participants

        if at (target.Mine + 1) = Some peer then ValueSome true
        elif at (target.Mine - 1) = Some peer then ValueSome false
        else ValueNone
