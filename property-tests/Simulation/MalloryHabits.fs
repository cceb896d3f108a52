namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What is done to the messages of a member's own core on their way out. The core believes that all was told.
module internal MalloryHabits =
    let private kindOf item = match item with StateItem(objective, state) -> Some(struct (objective.Kind, state)) | FinalStateWantedItem _ | ProposalItem _ | VoucherItem _ | RejectionItem _ | StandingWantedItem _ | StandingItem _ | LedgersWantedItem -> None

    /// Whether the sender leads the ledger that a proposal is about: else it countersigns.
    let private leads (band: Band) (by: Address) ledger =
        match NodeState.channel ledger (band.Node by).State with
        | ValueSome channel -> Channel.isLeader channel
        | ValueNone -> false

    let private withheld (isMeant: Band -> Address -> PeerItem -> bool) (band: Band) (by: Address) (_: Address) (items: PeerItem list) =
        let kept = items |> List.filter (fun item -> not (isMeant band by item && MalloryWords.channelOf item |> ValueOption.exists band.Means))
        if kept.Length = items.Length then ValueNone else ValueSome [ kept ]

    let private opening turn _ _ item =
        match kindOf item with
        | Some(struct ((DirectFunding | VirtualFunding), state)) -> state.Variable.Turn = turn
        | _ -> false

    let preFundWithheld = withheld (opening Turn.preFund)
    let postFundWithheld = withheld (opening Turn.postFund)

    let proposalWithheld =
        withheld (fun band by item -> match item with ProposalItem said -> leads band by said.Ledger | _ -> false)

    let countersignatureWithheld =
        withheld (fun band by item -> match item with ProposalItem said -> not (leads band by said.Ledger) | _ -> false)

    let private final kind _ _ item =
        match kindOf item with
        | Some(struct (found, _)) -> found = kind
        | None -> false

    let paymentFinalWithheld = withheld (final VirtualDefunding)
    let ledgerFinalWithheld = withheld (final DirectDefunding)
    let voucherWithheld = withheld (fun _ _ item -> match item with VoucherItem _ -> true | _ -> false)

    /// The money is promised, and stays where it is.
    let depositWithheld (band: Band) call =
        match call with
        | Call.Deposit(_, channel, _, _) -> band.Means channel
        | _ -> false

    /// Some hear it and some do not: those at even addresses, say.
    let halfTold (band: Band) (_: Address) (receiver: Address) (items: PeerItem list) =
        let isLeftOut item =
            match kindOf item with
            | Some _ -> ValueOption.exists band.Means (MalloryWords.channelOf item) && receiver.Low % 2u = 0u
            | None -> false

        let kept = items |> List.filter (isLeftOut >> not)
        if kept.Length = items.Length then ValueNone else ValueSome [ kept ]

    /// Each message in pieces, last first, and all of it once more.
    let reversed (_: Band) (_: Address) (_: Address) (items: PeerItem list) =
        if items.Length < 2 then ValueSome [ items; items ]
        else ValueSome [ yield! items |> List.rev |> List.map List.singleton; items ]

    /// Every second receiver is told of another final state for the same turn.
    let twoFinals (band: Band) (by: Address) (receiver: Address) (items: PeerItem list) =
        let other item =
            match item with
            | StateItem(objective, state) when objective.Kind = VirtualDefunding && receiver.Low % 2u = 0u && band.Means objective.Channel ->
                (match NodeState.channel objective.Channel (band.Node by).State with
                 | ValueSome channel when channel.Terms.MyIndex = 0 ->
                     (match Rules.virtualFinal channel.Terms.Opening state.Variable with
                      | Ok paid ->
                          let paid = if paid.IsZero then Amount.one else Amount.lacking paid Amount.one

                          (match Target.paymentFinal channel.Terms paid with
                           | ValueSome variable -> Target.state band (Target.partners band channel.Terms) VirtualDefunding channel.Terms variable
                           | ValueNone -> item)
                      | Error _ -> item)
                 | _ -> item)
            | StateItem _
            | FinalStateWantedItem _
            | ProposalItem _
            | VoucherItem _
            | RejectionItem _
            | StandingWantedItem _
            | StandingItem _
            | LedgersWantedItem -> item

        let changed = items |> List.map other
        if changed = items then ValueNone else ValueSome [ changed ]

    /// Every second receiver is told of another pre-fund of the same channel: its id says nothing of its outcome.
    let twoPreFunds (band: Band) (by: Address) (receiver: Address) (items: PeerItem list) =
        let other item =
            match item with
            | StateItem(objective, state) when objective.Kind = VirtualFunding && receiver.Low % 2u = 0u && band.Means objective.Channel ->
                (match NodeState.channel objective.Channel (band.Node by).State with
                 | ValueSome channel when channel.Terms.MyIndex = 0 ->
                     let opening = { channel.Terms.Opening with LeaderBalance = Amount.addSaturated channel.Terms.Opening.LeaderBalance Amount.one }
                     let variable = Ledger.toVariable channel.Terms.Dialect state.Variable.Turn false opening
                     Target.state band (Target.partners band channel.Terms) VirtualFunding channel.Terms variable
                 | _ -> item)
            | StateItem _
            | FinalStateWantedItem _
            | ProposalItem _
            | VoucherItem _
            | RejectionItem _
            | StandingWantedItem _
            | StandingItem _
            | LedgersWantedItem -> item

        let changed = items |> List.map other
        if changed = items then ValueNone else ValueSome [ changed ]

    /// The outcome that a leader's proposal of this turn starts from, as its own core has it.
    let private before (band: Band) (by: Address) ledger turn =
        match NodeState.channel ledger (band.Node by).State with
        | ValueSome({ Ledger = ValueSome l } as channel) when turn = l.AgreedTurn + 1UL -> ValueSome(struct (channel.Terms, l.Agreed))
        | ValueSome({ Ledger = ValueSome l } as channel) ->
            (match l.Queue.TryFind(turn - 1UL) with
             | Some queued -> ValueSome(struct (channel.Terms, queued.After))
             | None -> ValueNone)
        | _ -> ValueNone

    /// The first proposal that can be changed is, and signed anew; what stands behind it is left out.
    let private changed (change: Band -> Address -> Proposal -> Proposal) (band: Band) (by: Address) (_: Address) (items: PeerItem list) =
        let rec look kept left =
            match left with
            | (ProposalItem said as item) :: rest when leads band by said.Ledger && band.Random.Next 3 > 0 ->
                let other = change band by said.Proposal

                (match before band by said.Ledger said.Turn with
                 | ValueSome(struct (terms, outcome)) when other <> said.Proposal ->
                     ValueSome [ List.rev (Target.proposal band by terms outcome said.Turn other :: kept) ]
                 | _ -> look (item :: kept) rest)
            | item :: rest -> look (item :: kept) rest
            | [] -> ValueNone

        look [] items

    let guaranteeChanged =
        changed (fun band by proposal ->
            match proposal with
            | Add(guarantee, deposit) ->
                (match band.Random.Next 4 with
                 | 0 -> Add({ guarantee with Amount = Amount.addSaturated guarantee.Amount Amount.one }, deposit)
                 | 1 -> Add({ guarantee with Amount = Amount.lacking guarantee.Amount Amount.one }, Amount.lacking deposit Amount.one)
                 | 2 -> Add(guarantee, (if guarantee.Left = Destination.ofAddress by then Amount.zero else guarantee.Amount))
                 | _ -> Add({ guarantee with Left = guarantee.Right; Right = guarantee.Left }, deposit))
            | Remove _ -> proposal)

    let removalChanged =
        changed (fun band _ proposal ->
            match proposal with
            | Remove(target, amount) ->
                Remove(target, (if band.Random.Next 2 = 0 then Amount.addSaturated amount Amount.one else Amount.lacking amount Amount.one))
            | Add _ -> proposal)

    /// A countersignature by somebody else, or over something else.
    let countersignatureSpoiled (band: Band) (by: Address) (_: Address) (items: PeerItem list) =
        let spoil item =
            match item with
            | ProposalItem said when not (leads band by said.Ledger) && band.Means said.Ledger ->
                ProposalItem { said with Signature = band.Sign(band.Random.Pick band.Members, Bytes32.ofUInt64 said.Turn) }
            | other -> other

        let spoiled = items |> List.map spoil
        if spoiled = items then ValueNone else ValueSome [ spoiled ]

    /// Somebody else's signature on one's own states: each place but one's own is filled too (W4).
    let signedForOthers (band: Band) (by: Address) (_: Address) (items: PeerItem list) =
        let fill item =
            match item with
            | StateItem(objective, state) when band.Means objective.Channel && band.Random.Next 2 = 0 ->
                let own = band.Sign(by, state.Hash)
                StateItem(objective, { state with Signatures = [ for index in 0 .. state.Fixed.Participants.Length - 1 -> index, own ] })
            | other -> other

        let filled = items |> List.map fill
        if filled = items then ValueNone else ValueSome [ filled ]
