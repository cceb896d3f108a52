namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Node
open Nitro.Engine

/// The second fold, fed by decoded bytes, equals the live state.
module internal CheckFold =
    let private kinds = [ DirectFunding; DirectDefunding; VirtualFunding; VirtualDefunding ]

    /// What the steps touched.
    let touched (second: NodeState) (live: NodeState) (changed: seq<ChannelId>) : string list =
        [ if second.Position <> live.Position then $"the journal stands at {second.Position}, the live state at {live.Position}"
          if second.OpenCount <> live.OpenCount then "the count of open objectives differs from the journal's"

          for id in changed do
              if NodeState.channel id second <> NodeState.channel id live then $"channel {id} differs from the journal's"

              for kind in kinds do
                  let objective = { Kind = kind; Channel = id }
                  if NodeState.objective objective second <> NodeState.objective objective live then $"{objective} differs from the journal's" ]

    let whole (second: NodeState) (live: NodeState) : string list = if second = live then [] else [ "the journal does not give the live state" ]

/// Promises: whatever is unfinished is being worked at, or forgotten promises would never be kept.
module internal CheckOutbox =
    let check (isAtWork: int64 -> Intent -> bool) (state: NodeState) : string list =
        [ for struct (EffectId effect, intent) in Outbox.unfinished state.Outbox do
              if not (isAtWork effect intent) then $"#{effect} is promised, and nobody is at work on it: {intent}" ]

/// Vouchers: never above what the payer has put in. (That they never fall, `Books` sees when they are signed.)
module internal CheckVouchers =
    let signed (state: NodeState) (voucher: Nitro.Protocol.Voucher) : string list =
        match NodeState.channel voucher.Channel state with
        | ValueSome channel when voucher.Total > channel.Terms.Opening.LeaderBalance ->
            [ $"a voucher of {voucher.Total} on {voucher.Channel}, which holds {channel.Terms.Opening.LeaderBalance}" ]
        | ValueSome _ -> []
        | ValueNone -> [ $"a voucher on the unknown channel {voucher.Channel}" ]

/// Money on the chain.
module internal CheckConservation =
    let check (contracts: Contracts) : string list =
        [ for asset in [ Places.native; Places.token ] do
              if not (Contracts.isConserved asset contracts) then
                  $"asset {asset}: {(Funds.get asset contracts.Deposited).Value} put in, {Contracts.totalHeld asset contracts} held, {Contracts.totalPaid asset contracts} paid out" ]
