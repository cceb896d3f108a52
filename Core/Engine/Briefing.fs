namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Signer.Policy

/// What a signer has to be shown before it signs: evidence in order, and last what is wanted. It is made of the state alone, and whoever
/// has seen it before learns nothing new; so any signer can judge a request by itself, and asking again is harmless.
/// A voucher goes alone: its channel's post-fund was signed by whoever signs it.
module internal Briefing =
    let private farewellsTogether = 4

    let private contracts (settings: Settings) =
        UseContracts
            { ChainId = settings.ChainId
              Adjudicator = settings.Adjudicator
              ConsensusApp = settings.ConsensusApp
              VirtualPaymentApp = settings.VirtualApp }

    let private stateOf (terms: Terms) variable : State = { Fixed = terms.Fixed; Variable = variable }

    /// All signatures that are known, our own too: a signer that does not remember its own has an old memory.
    let private witnesses (terms: Terms) (seen: SeenState) =
        [ for KeyValue(_, signature) in seen.Signatures -> RecordPeerSignature(stateOf terms seen.Variable, signature) ]

    let private opening turn (channel: Channel) =
        Channel.at turn channel |> List.tryHead |> Option.map (witnesses channel.Terms) |> Option.defaultValue []

    /// The channel, and what was signed of its pre-fund.
    let private introduced settings (channel: Channel) =
        let terms = channel.Terms

        [ contracts settings
          NewChannel
              { Fixed = terms.Fixed
                Outcome = Ledger.toExit terms.Dialect terms.Opening
                AppData = [||]
                Dialect = terms.Dialect } ]
        @ opening Turn.preFund channel

    /// What the chain held at final depth when it was last looked at, and the least height that the chain must have had by then.
    let private holdings (channel: Channel) = Funds.set channel.Terms.Opening.Asset channel.Chain.Held Funds.empty

    let private held (settings: Settings) (state: NodeState) (channel: Channel) =
        let tip = max state.SeenHeight channel.Chain.HeldAt.Height + settings.Confirmations
        ObserveDeposit(channel.Terms.Id, holdings channel, channel.Chain.HeldAt.Height, tip)

    /// Where both sides of a ledger stand.
    let private agreed (channel: Channel) =
        match channel.Ledger with
        | ValueSome ledger ->
            let state = stateOf channel.Terms (Ledger.toVariable channel.Terms.Dialect ledger.AgreedTurn false ledger.Agreed)
            [ RecordPeerSignature(state, ledger.LeaderSignature); RecordPeerSignature(state, ledger.FollowerSignature) ]
        | ValueNone -> []

    let private on id (state: NodeState) evidence =
        match NodeState.channel id state with
        | ValueSome channel -> evidence channel
        | ValueNone -> []

    let private backing id (state: NodeState) =
        match NodeState.objective { Kind = VirtualFunding; Channel = id } state with
        | ValueSome record -> Goal.ledgers record.Goal |> List.collect (fun ledger -> on ledger state agreed)
        | ValueNone -> []

    let private bestVoucher (channel: Channel) =
        match channel.Payments with
        | ValueSome { Account = { Role = Payee }; Received = { Total = best; Signature = ValueSome signature } } ->
            [ RecordVoucher({ Channel = channel.Terms.Id; Total = best }, signature) ]
        | ValueSome _
        | ValueNone -> []

    let private final (channel: Channel) =
        match Channel.completeFinal channel with
        | Some seen -> witnesses channel.Terms seen
        | None -> []

    /// Ledgers that are paid out are named again and again, a few at each new one: by its id, so that every one has its turn whatever a
    /// signer missed. It forgets those and keeps room; payment channels it knows to be over by itself.
    let private farewells settings (state: NodeState) (ChannelId opening) =
        let isOver (channel: Channel) =
            match Channel.completeFinal channel with
            | Some seen -> channel.Terms.IsLedger && Outcome.isPaidTo (Destination.ofAddress channel.Terms.Me) (holdings channel) seen.Variable.Outcome
            | None -> false

        let over =
            [| for KeyValue(_, id) in state.Ended do
                   match NodeState.channel id state with
                   | ValueSome channel when isOver channel -> channel
                   | ValueSome _
                   | ValueNone -> () |]

        let bye (channel: Channel) = final channel @ [ held settings state channel; CloseChannel channel.Terms.Id ]
        let newest = over |> Array.skip (max 0 (over.Length - farewellsTogether))
        let others = over |> Array.truncate (over.Length - newest.Length)
        let start = if others.Length = 0 then 0 else int (opening.D % uint64 others.Length)
        let chosen = [ for at in start .. min others.Length (start + farewellsTogether) - 1 -> others[at] ]
        chosen @ List.ofArray newest |> List.collect bye

    let private forState settings (state: NodeState) (channel: Channel) turn =
        if turn = Turn.preFund && channel.Terms.IsLedger then farewells settings state channel.Terms.Id @ introduced settings channel
        elif turn = Turn.preFund then introduced settings channel
        elif turn = Turn.postFund && channel.Terms.IsLedger then introduced settings channel @ [ held settings state channel ]
        elif turn = Turn.postFund then introduced settings channel @ backing channel.Terms.Id state
        elif channel.Terms.IsLedger then agreed channel
        else opening Turn.postFund channel @ bestVoucher channel

    /// As follower: the leader's signature on the first state behind this turn that has no guarantee for the channel any more.
    let private wayOut (channel: Channel) turn target =
        let leavesOut (KeyValue(later, queued: QueuedProposal)) = later > turn && not (queued.After.Guarantees.ContainsKey target)

        match channel.Ledger with
        | ValueSome ledger when not (Channel.isLeader channel) ->
            (match ledger.Queue |> Seq.tryFind leavesOut with
             | Some(KeyValue(later, { After = after; LeaderSignature = ValueSome signature })) ->
                 [ RecordPeerSignature(stateOf channel.Terms (Ledger.toVariable channel.Terms.Dialect later false after), signature) ]
             | _ -> [])
        | ValueSome _
        | ValueNone -> []

    let private forProposal settings (state: NodeState) (ledger: Channel) turn (proposal: Proposal) =
        match proposal with
        | Add _ -> on proposal.Target state (introduced settings) @ agreed ledger @ wayOut ledger turn proposal.Target
        | Remove(target, _) ->
            // Without a final state: that it is gone where it would have been paid.
            match on target state final with
            | [] -> agreed ledger @ backing target state
            | signatures -> agreed ledger @ signatures

    let signing (settings: Settings) (state: NodeState) signing : SignerRequest list voption =
        Outgoing.promised state signing
        |> ValueOption.map (fun found ->
            match found with
            | PromisedState(channel, variable) -> forState settings state channel variable.Turn @ [ SignState(stateOf channel.Terms variable) ]
            | PromisedUpdate(channel, turn, queued) ->
                forProposal settings state channel turn queued.Proposal @ [ SignProposal(channel.Terms.Id, turn, queued.Proposal) ]
            | PromisedVoucher voucher -> [ SignVoucher voucher ])

    /// For transactions about a channel; what is wanted is the chain adapter's, since it chooses nonce and fees.
    let calling (settings: Settings) (state: NodeState) (id: ChannelId) : SignerRequest list =
        on id state (fun channel -> introduced settings channel @ [ held settings state channel ])
