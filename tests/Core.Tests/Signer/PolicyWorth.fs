namespace Nitro.Core.Tests.Signer

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer.Policy

/// What a signer's signatures leave its owner, in the one asset of the tests.
module internal PolicyWorth =
    let private own (me: Address) outcome =
        match Outcome.allocatedTo (Destination.ofAddress me) outcome with
        | ValueSome funds -> (Funds.get Address.zero funds).Value
        | ValueNone -> failwith "an outcome of more than there can be"

    /// What a guarantee is worth to us: by the final state that we signed; before it, what we put in less our vouchers.
    let private backed me (state: SignerState) (guarantee: Guarantee) =
        let isLeft = guarantee.Left = Destination.ofAddress me

        match state.Channels.TryFind guarantee.Target with
        | None -> 0I
        | Some target ->
            let outcome = match target.Last with ValueSome last when last.IsFinal -> last.Outcome | ValueSome _ | ValueNone -> target.Opening.Outcome

            match Ledger.tryOpening outcome with
            | ValueNone -> 0I
            | ValueSome split when not isLeft -> split.FollowerBalance.Value
            | ValueSome split when target.Mine = 0 && not target.Marks.Final -> split.LeaderBalance.Value - target.Marks.VoucherTotal.Value
            | ValueSome split -> split.LeaderBalance.Value

    let atOpening me (channel: SignerChannel) = own me channel.Opening.Outcome

    /// In one channel that holds money on chain: what the newest state that we signed gives us, and what its guarantees are worth.
    let ofChannel me (state: SignerState) (channel: SignerChannel) =
        let outcome = match channel.Last with ValueSome last -> last.Outcome | ValueNone -> channel.Opening.Outcome

        let guarantees =
            match Ledgers.current channel with
            | ValueSome ledger -> [ for KeyValue(_, guarantee) in ledger.Guarantees -> backed me state guarantee ]
            | ValueNone -> []

        own me outcome + List.sum guarantees

    /// In all of them.
    let total me (state: SignerState) =
        [ for KeyValue(_, channel) in state.Channels do
              if channel.Kind <> Payment then ofChannel me state channel ]
        |> List.sum
