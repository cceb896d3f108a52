namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Vouchers that do not count, and payments taken back.
module internal MalloryVouchers =
    let private voucher (band: Band) signer (channel: ChannelId) (total: Amount) : PeerItem =
        let voucher: Voucher = { Channel = channel; Total = total }
        VoucherItem(voucher, band.Sign(signer, Voucher.hash voucher), signer)

    let private best (target: Target) = match target.Channel.Payments with ValueSome payments -> payments.Best | ValueNone -> Amount.zero
    let private start (target: Target) = target.Terms.Opening.LeaderBalance
    let private isPaying (target: Target) = target.ByFirst && Target.isVictimPayee target && Target.isOpenPayment target

    let aboveTheDeposit (band: Band) =
        Target.strike band isPaying (fun target ->
            let over = if band.Random.Next 2 = 0 then Amount.one else Places.amount 1_000_000_000
            [ voucher band target.By target.Terms.Id (Amount.addSaturated (start target) over) ])

    /// The best one again, a smaller one again, and its signature for another channel.
    let replayed (band: Band) =
        Target.strike band (fun target -> isPaying target && not (best target).IsZero) (fun target ->
            match target.Channel.Payments with
            | ValueSome { Received = { Signature = ValueSome signature } } ->
                let others =
                    [ for channel in target.Victim.State.Channels.Items.Values do
                          if not channel.Terms.IsLedger && channel.Terms.Id <> target.Terms.Id then channel.Terms.Id ]

                [ voucher band target.By target.Terms.Id (best target)
                  voucher band target.By target.Terms.Id (Amount.lacking (best target) Amount.one)
                  for other in List.truncate 1 others do VoucherItem({ Channel = other; Total = best target }, signature, target.By) ]
            | _ -> [])

    /// For a channel whose opening is not complete, or was given up.
    let unfunded (band: Band) =
        Target.strike
            band
            (fun target -> target.ByFirst && Target.isVictimPayee target && not (Channel.isOpen target.Channel))
            (fun target -> [ voucher band target.By target.Terms.Id (Target.someAmount band (start target)) ])

    /// Of a channel in which somebody else pays, or signed by a partner.
    let foreignSignature (band: Band) =
        let isForeign (target: Target) = Target.isVictimPayee target && Target.isOpenPayment target && (not target.ByFirst || band.Members.Length > 1)

        Target.strike band isForeign (fun target ->
            let partner = if target.ByFirst then Array.find (fun who -> who <> target.By) band.Members else target.By
            [ voucher band partner target.Terms.Id (start target) ])

    /// All is paid with a good voucher, and nothing by the final state that follows.
    let takenBack (band: Band) =
        Target.strike
            band
            (fun target -> isPaying target && Target.isUnclosed target && best target < start target)
            (fun target ->
                [ voucher band target.By target.Terms.Id (start target)
                  match Target.paymentFinal target.Terms Amount.zero with
                  | ValueSome variable -> Target.state band (Target.partners band target.Terms) VirtualDefunding target.Terms variable
                  | ValueNone -> () ])

    /// A final state that pays what is due, and at once a good voucher for all: counted, it would be worth nothing.
    let afterTheFinal (band: Band) =
        Target.strike
            band
            (fun target -> isPaying target && Target.isUnclosed target && best target < start target)
            (fun target ->
                match Target.paymentFinal target.Terms (best target) with
                | ValueSome variable ->
                    band.Say(target.By, target.Victim.Address, [ Target.state band (Target.partners band target.Terms) VirtualDefunding target.Terms variable ])
                    [ voucher band target.By target.Terms.Id (start target) ]
                | ValueNone -> [])

/// Content that carries no signature: it counts as said by its sender and no more.
module internal MalloryNotices =
    let private objectives (victim: Node) isWanted =
        [| for record in victim.State.Objectives.Items.Values do
               if isWanted record then Goal.id record.Goal |]
        |> Array.sort

    let private takesPart (victim: Node) by (id: ObjectiveId) =
        match NodeState.channel id.Channel victim.State with
        | ValueSome channel -> List.contains by channel.Terms.Parties
        | ValueNone -> false

    let private say (band: Band) isWanted (items: ObjectiveId -> PeerItem list) =
        let found =
            [| for victim in band.Victims do
                   for by in band.Members do
                       for id in objectives victim (isWanted victim by) do
                           struct (victim, by, id) |]

        match found with
        | [||] -> false
        | _ ->
            let struct (victim, by, id) = band.Random.Pick found
            band.Say(by, victim.Address, items id)
            true

    /// W10: of what the sender has no part in.
    let foreignRejection (band: Band) =
        say band (fun victim by record -> record.Ending.IsNone && not (takesPart victim by (Goal.id record.Goal))) (fun id -> [ RejectionItem id ])

    /// Of what the sender has agreed to, or of what is over.
    let lateRejection (band: Band) =
        let isLate victim by (record: ObjectiveRecord) =
            takesPart victim by (Goal.id record.Goal) && (record.Ending.IsSome || (band.Random.Next 4 = 0 && record.Approved))

        say band isLate (fun id -> [ RejectionItem id ])

    /// A final state is asked for where none is due.
    let unwantedClosing (band: Band) =
        say band (fun _ _ record -> record.Approved) (fun id ->
            [ FinalStateWantedItem { id with Kind = DirectDefunding }
              FinalStateWantedItem { id with Kind = VirtualDefunding } ])
