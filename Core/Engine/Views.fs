namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Objectives

/// A channel's status as the API names it.
module internal Status =
    let ofChannel (channel: Channel) =
        match Channel.ownFinal channel, Channel.completeFinal channel with
        | Some _, Some _ -> "Complete"
        | Some _, None -> "Closing"
        | None, _ -> if Channel.isOpen channel then "Open" else "Proposed"

type internal LedgerView =
    { Id: ChannelId
      Status: string
      Asset: Address
      Me: Address
      Them: Address
      MyBalance: Amount
      TheirBalance: Amount
      /// After a restore: the other side has not said yet what it holds.
      MayBeStale: bool }

type internal PaymentView =
    { Id: ChannelId
      Status: string
      Asset: Address
      Payee: Address
      Payer: Address
      Paid: Amount
      Remaining: Amount
      MayBeStale: bool }

type internal ObjectiveView =
    { Id: ObjectiveId
      Status: string
      WaitingFor: string
      /// When it was opened or last came nearer to its goal: from then on it waits.
      Since: Instant
      Reason: string
      Peers: Address list }

/// Answers to questions about a node. Shapes as of the reference, section 6.6.
module internal Views =
    let ledger (state: NodeState) (channel: Channel) : LedgerView =
        let outcome =
            match Channel.completeFinal channel |> Option.bind (fun seen -> Ledger.tryOpening seen.Variable.Outcome |> ValueOption.toOption), channel.Ledger with
            | Some final, _ -> final
            | None, ValueSome ledger -> ledger.Agreed
            | None, ValueNone -> channel.Terms.Opening

        let leads = Channel.isLeader channel

        { Id = channel.Terms.Id
          Status = Status.ofChannel channel
          Asset = outcome.Asset
          Me = channel.Terms.Me
          Them = Channel.counterparty channel
          MyBalance = if leads then outcome.LeaderBalance else outcome.FollowerBalance
          TheirBalance = if leads then outcome.FollowerBalance else outcome.LeaderBalance
          MayBeStale = NodeState.isStale channel state }

    /// What counts as paid: a payee's vouchers only once the post-fund is complete, and the final state above all.
    let paid (channel: Channel) =
        let final =
            Channel.completeFinal channel
            |> Option.bind (fun seen ->
                match Rules.virtualFinal channel.Terms.Opening seen.Variable with
                | Ok paid -> Some paid
                | Error _ -> None)

        match final, channel.Payments with
        | Some paid, _ -> paid
        | None, ValueSome payments ->
            (match payments.Role with
             | Payer -> payments.Issued
             | Payee -> if Channel.isOpen channel then payments.Best else Amount.zero
             | Intermediary -> Amount.zero)
        | None, ValueNone -> Amount.zero

    let payment (state: NodeState) (channel: Channel) : PaymentView =
        let paid = paid channel

        { Id = channel.Terms.Id
          Status = Status.ofChannel channel
          Asset = channel.Terms.Opening.Asset
          Payee = channel.Terms.Payee
          Payer = channel.Terms.Payer
          Paid = paid
          Remaining = Amount.lacking channel.Terms.Opening.LeaderBalance paid
          MayBeStale = NodeState.isStale channel state }

    let private signerNeeded need =
        match need with
        | OwnSignature _
        | OwnFinalState _
        | Countersignature _ -> true
        | _ -> false

    let private chainRetry need =
        match need with
        | Before _ -> true
        | _ -> false

    /// What an open objective waits for, in the reference's names and ours.
    let private waiting (settings: Settings) (state: NodeState) (record: ObjectiveRecord) =
        match Objective.advance { State = state; Settings = settings } record with
        | Done _ -> "WaitingForNothing"
        | Waiting(_, needs) when List.exists signerNeeded needs -> "WaitingForSigner"
        | Waiting(_, needs) when List.exists chainRetry needs -> "WaitingForChain"
        | Waiting(label, _) -> label
        | Abandon _ -> "WaitingForNothing"

    let objective (settings: Settings) (state: NodeState) (record: ObjectiveRecord) : ObjectiveView =
        let id = Goal.id record.Goal

        let since =
            match NodeState.channel id.Channel state with
            | ValueSome channel when channel.MovedAt.Micros > record.Opened.Micros -> channel.MovedAt
            | _ -> record.Opened

        { Id = id
          Status =
            match record.Ending with
            | ValueSome Completed -> "Completed"
            | ValueSome(Rejected _) -> "Rejected"
            | ValueNone -> if record.Approved then "Approved" else "Unapproved"
          WaitingFor = if record.Ending.IsSome then "WaitingForNothing" else waiting settings state record
          Since = since
          Reason =
            match record.Ending, record.Undoing with
            | ValueSome(Rejected reason), _ -> reason
            | _, ValueSome reason -> reason
            | _ -> ""
          Peers =
            match NodeState.channel id.Channel state with
            | ValueSome channel -> channel.Terms.Others
            | ValueNone -> [] }

    /// The reference's label of an open objective, for transcripts.
    let label (settings: Settings) (state: NodeState) (record: ObjectiveRecord) =
        match record.Ending with
        | ValueSome _ -> "WaitingForNothing"
        | ValueNone ->
            match Objective.advance { State = state; Settings = settings } record with
            | Done _
            | Abandon _ -> "WaitingForNothing"
            | Waiting(label, _) -> label

    let allLedgers (state: NodeState) =
        state.Channels.Items.Values |> Seq.filter (fun channel -> channel.Terms.IsLedger) |> Seq.map (ledger state) |> Seq.sortBy (fun view -> view.Id) |> Seq.toList

    let paymentsOf ledgerId (state: NodeState) =
        match NodeState.channel ledgerId state with
        | ValueSome { Ledger = ValueSome ledger } ->
            [ for target in ledger.Agreed.Guarantees.Keys do
                  match NodeState.channel target state with
                  | ValueSome channel -> payment state channel
                  | ValueNone -> () ]
        | _ -> []
