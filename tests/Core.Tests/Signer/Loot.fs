namespace Nitro.Core.Tests.Signer

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer.Policy

/// What an attacker has got out of a signer, and what its owner says to that.
type internal Loot(cast: Cast, config: SignerConfig, approved: int) =
    let complaints = List<string>()
    let turns = Dictionary<struct (ChannelId * TurnNumber), Bytes32>()
    let paid = Dictionary<ChannelId, Amount>()
    let effects = Dictionary<uint64, struct (Address voption * Amount * byte[])>()
    let fees = Dictionary<Bytes32, bigint>()
    let ledgers = [ cast.Left; cast.Right ] |> List.map (HonestTalk.ledgerTerms cast >> PolicyWorld.id)
    let lost = Dictionary<ChannelId, bigint>()
    let complain text = complaints.Add text

    let slot channel turn digest =
        match turns.TryGetValue(struct (channel, turn)) with
        | true, other when other <> digest -> complain $"two states of turn {turn} of {channel}"
        | _ -> turns[struct (channel, turn)] <- digest

    let spent (transaction: Transaction) digest =
        fees[digest] <- bigint transaction.GasLimit * transaction.MaxFeePerGas.Value
        if transaction.ChainId <> PolicyWorld.chainId || transaction.To <> ValueSome PolicyWorld.adjudicator then complain "a transaction for somebody else"
        let effect = struct (transaction.To, transaction.Value, transaction.Data)

        match effects.TryGetValue transaction.Nonce with
        // With the owner there one may take the other's place.
        | true, other when other <> effect && not config.SpendsFreely -> complain $"two effects of nonce {transaction.Nonce}"
        | _ -> effects[transaction.Nonce] <- effect

    let promise (voucher: Voucher) =
        if paid.ContainsKey voucher.Channel && voucher.Total < paid[voucher.Channel] then complain "a voucher that falls"
        paid[voucher.Channel] <- voucher.Total

    let had wanted digest =
        match wanted with
        | SignState state -> slot (FixedPart.channelId state.Fixed) state.Variable.Turn digest
        | SignProposal(ledger, turn, _) -> slot ledger turn digest
        | SignVoucher voucher -> promise voucher
        | SignTransaction transaction -> spent transaction digest
        | SignChallenge _
        | SignTransportKey _ -> ()
        | SignAddressRecord(key, _) -> if NetworkIdentity.addressOf key <> ValueSome config.Me then complain "a record for somebody else"
        | UseContracts _
        | NewChannel _
        | ApproveRequest _
        | ObserveDeposit _
        | RecordPeerSignature _
        | RecordVoucher _
        | CloseChannel _
        | Heartbeat -> complain "a signature that nobody wanted"

    /// The most that this window lets through in so many seconds.
    let most (window: Window) seconds = window.Limit.Value * bigint (seconds / (window.Seconds * int64 (window.Buckets - 1)) + 1L)

    /// By the policy's own figures; nothing where the owner lets the node spend. Payees are the two neighbours and the stranger.
    let stated seconds =
        let budgets = 3I * (config.Budgets |> List.sumBy (fun budget -> most budget.Window seconds)) + bigint approved

        match config.SpendsFreely, config.Velocity.TryFind PolicyWorld.coin with
        | true, _ -> ValueNone
        | false, Some window -> ValueSome(min budgets (most window seconds))
        | false, None -> ValueSome budgets

    let depositedWrong (state: SignerState) (struct (_, _, data)) =
        match Calldata.tryRead false data with
        | ValueSome(DepositCall(_, channel, _, amount)) ->
            (match state.Channels.TryFind channel with Some { Kind = Payment } -> not amount.IsZero | Some _ | None -> false)
        | ValueSome(ApproveCall _ | ChannelCall _)
        | ValueNone -> false

    let lockedIn (state: SignerState) (ledger: SignerChannel) =
        ledger.Shares
        |> Seq.sumBy (fun (KeyValue(target, share)) ->
            match state.Channels.TryFind target with
            | Some target when SignerChannel.isIntermediary target && not (SignerChannel.hasSigned Turn.postFund target) -> share.Value
            | Some _
            | None -> 0I)

    /// A signature over this digest was given in good days.
    member _.Had(wanted: SignerRequest, digest: Bytes32) = had wanted digest

    /// A signature over this digest has left.
    member _.Take(wanted: SignerRequest, digest: Bytes32) =
        had wanted digest

        match (SignerRequest.wanted wanted |> ValueOption.bind Wanted.digest) with
        | ValueSome expected when expected <> digest -> complain $"something else was signed than {wanted}"
        | ValueSome _
        | ValueNone -> ()

    member _.Refused(tag: string) = if tag <> "malformed-request" && (Tags.tryFind tag).IsNone then complain $"refused without a reason: {tag}"

    /// The signer's memory, after each step that may end a channel.
    member _.See(state: SignerState) =
        for ledger in ledgers do
            match state.Channels.TryFind ledger with
            | Some channel -> lost[ledger] <- PolicyWorth.atOpening cast.Me channel - PolicyWorth.ofChannel cast.Me state channel
            | None -> ()

    /// On the owner's two ledgers, against what it put in.
    member _.Loss = Seq.sum lost.Values

    member _.Signatures = turns.Count + paid.Count + effects.Count

    /// Everything that is wrong after so many seconds.
    member loot.Complaints(state: SignerState, seconds: int64) : string list =
        let vouchers = Seq.sumBy (fun (total: Amount) -> total.Value) paid.Values

        let promised =
            match stated seconds with
            | ValueSome limit -> limit
            | ValueNone -> vouchers

        [ yield! complaints
          if loot.Loss > promised then $"{loot.Loss} lost, the policy says {promised}"
          if not config.SpendsFreely && vouchers > promised then $"{vouchers} paid, the policy says {promised}"
          if loot.Loss > vouchers + bigint approved then $"{loot.Loss} lost, {vouchers} paid"
          if Seq.exists (depositedWrong state) effects.Values then "a deposit into a payment channel"
          if Seq.sum fees.Values > most config.Fees.Window seconds then "more fees than the window lets through"
          if not config.SpendsFreely then
              let waits = [ for ledger in ledgers do match state.Channels.TryFind ledger with Some channel -> lockedIn state channel | None -> () ]
              if waits |> List.exists (fun waiting -> waiting > (Funds.get PolicyWorld.coin config.MaxLocked).Value) then "more is locked than may wait" ]
