namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// The adjudicator's deposit and conclusion rules, over exact holdings.
type internal ChainModel() =
    let held = Dictionary<ChannelId, Amount>()
    let paid = Dictionary<struct (Address * Destination), bigint>()
    let concluded = HashSet<ChannelId>()
    let mutable height = 1UL

    let holdings id = match held.TryGetValue id with | true, amount -> amount | _ -> Amount.zero

    let position () =
        height <- height + 1UL
        { Height = height; Index = 0u; BlockHash = Bytes32.ofUInt64 height }

    member _.Holdings id = holdings id
    member _.Height = height

    /// What a destination was paid out of an asset.
    member _.Paid(asset, destination) =
        match paid.TryGetValue(struct (asset, destination)) with
        | true, amount -> amount
        | _ -> 0I

    member _.Concluded id = concluded.Contains id
    member _.TotalHeld = held.Values |> Seq.sumBy (fun amount -> amount.Value)
    member _.TotalPaid = paid.Values |> Seq.sum

    /// `deposit`: refuses where the holdings are not what the caller expected.
    member _.Deposit(id, asset, expected: Amount, amount: Amount) : Result<ChainNotice * ChainPosition, string> =
        if holdings id <> expected then
            Error "held != expectedHeld"
        else
            held[id] <- Amount.addSaturated expected amount
            Ok(ChainNotice.Deposited(id, asset, held[id]), position ())

    /// `concludeAndTransferAllAssets` of a state that everybody has signed.
    member _.Conclude(channel: Channel) : Result<ChainNotice * ChainPosition, string> =
        let id = channel.Terms.Id

        match Channel.completeFinal channel with
        | _ when concluded.Contains id -> Error "Channel finalized."
        | None -> Error "!unanimous"
        | Some final ->
            let before = holdings id
            concluded.Add id |> ignore

            for exit in final.Variable.Outcome do
                for allocation in exit.Allocations do
                    let affordable = Amount.min allocation.Amount (holdings id)
                    held[id] <- Amount.lacking (holdings id) affordable
                    let key = struct (exit.Asset, allocation.Destination)
                    let already = match paid.TryGetValue key with | true, amount -> amount | _ -> 0I
                    paid[key] <- already + affordable.Value

            Ok(PaidOut(id, 0, before, holdings id), position ())

    /// A re-org took the deposits with it.
    member _.Lose(id: ChannelId) = held[id] <- Amount.zero

    /// Anybody may put money into any channel.
    member _.Gift(id, asset, amount) : ChainNotice * ChainPosition =
        held[id] <- Amount.addSaturated (holdings id) amount
        ChainNotice.Deposited(id, asset, held[id]), position ()
