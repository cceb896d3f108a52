namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer

/// What the node takes for its contracts.
type internal ContractsCase = { Asked: Asked; Contracts: ContractSet }

/// A channel that is to be registered.
type internal NewChannelCase =
    { Asked: Asked
      Terms: ChannelTerms
      Id: ChannelId }

/// What is said about a channel.
type internal SightingCase =
    { Asked: Asked
      Channel: SignerChannel voption
      Holdings: Funds
      Height: Height
      Tip: Height }

/// A state with a signature that somebody made.
type internal WitnessCase =
    { Asked: Asked
      Channel: SignerChannel voption
      State: State
      Hash: Bytes32
      /// Who signed, if anybody.
      Signer: Address voption }

type internal CloseCase =
    { Asked: Asked
      Id: ChannelId
      Channel: SignerChannel voption }

/// Rules 1 to 3 and 38, and what the signer learns of the world.
module internal Channels =
    /// The chain, the adjudicator and the applications that the configuration has.
    let private areOurs (case: ContractsCase) =
        let config = case.Asked.Config
        let contracts = case.Contracts

        // 0: the node does not say.
        if (contracts.ChainId = config.ChainId || contracts.ChainId = 0UL)
           && contracts.Adjudicator = config.Adjudicator
           && config.Apps.TryFind contracts.ConsensusApp = Some Ledger
           && config.Apps.TryFind contracts.VirtualPaymentApp = Some Payment then Repeated
        else Refused

    let contracts: Rule<ContractsCase> list = [ { Tag = Tags.contractsPinned; Check = areOurs } ]

    let private on (channel: SignerChannel voption) (check: SignerChannel -> Finding) =
        match channel with
        | ValueSome found -> check found
        | ValueNone -> Refused

    let private kind (case: NewChannelCase) =
        match case.Asked.Config.Apps.TryFind case.Terms.Fixed.App with
        | Some kind -> ValueSome kind
        | None -> ValueNone

    let private entries (outcome: Outcome) = outcome |> List.sumBy (fun exit -> exit.Allocations.Length)

    /// 1: we take part in it.
    let private takesPart (case: NewChannelCase) = Rule.require (List.contains case.Asked.Config.Me case.Terms.Fixed.Participants)

    /// The same terms again.
    let private sameTerms (case: NewChannelCase) =
        match case.Asked.State.Channels.TryFind case.Id with
        | Some known when
            known.Opening.Outcome = case.Terms.Outcome
            && known.Opening.AppData = case.Terms.AppData
            && known.Dialect = case.Terms.Dialect
            ->
            Repeated
        | Some _
        | None -> Pass

    /// 2: never used, also not by a channel that is over.
    let private isNew (case: NewChannelCase) =
        Rule.require (not (case.Asked.State.Channels.ContainsKey case.Id || RetiredIds.contains case.Id case.Asked.State.Retired))

    let private shape (case: NewChannelCase) kind =
        match kind with
        | Direct -> Rules.fixedPart case.Terms.Fixed
        | Ledger -> Rules.ledgerOpening case.Terms.Fixed.App case.Terms.Fixed case.Terms.Outcome |> Result.map ignore
        | Payment -> Rules.virtualOpening case.Terms.Fixed.App case.Terms.Fixed case.Terms.Outcome |> Result.map ignore

    /// 3: a known application, an opening of its shape, a sane challenge duration.
    let private sane (case: NewChannelCase) =
        let config = case.Asked.Config
        let duration = case.Terms.Fixed.ChallengeDuration

        match kind case with
        | ValueNone -> Refused
        | ValueSome kind ->
            Rule.require (
                duration >= config.ChallengeMin
                && duration <= config.ChallengeMax
                && (Outcome.totalAllocated case.Terms.Outcome).IsSome
                && Result.isOk (shape case kind)
            )

    /// 35: everybody who is paid or held against us is on the list of peers.
    let private knownPeers (case: NewChannelCase) =
        match case.Asked.Config.Peers with
        | ValueNone -> Pass
        | ValueSome peers ->
            let parties = List.indexed case.Terms.Fixed.Participants
            let mine = parties |> List.tryFind (fun (_, party) -> party = case.Asked.Config.Me)
            let isNear index = match mine with Some(own, _) -> abs (own - index) = 1 | None -> true
            Rule.require (parties |> List.forall (fun (index, party) -> not (isNear index) || peers.Contains party))

    /// 38.
    let private room (case: NewChannelCase) =
        let limits = case.Asked.Config.Limits

        if entries case.Terms.Outcome > limits.OutcomeEntries || case.Asked.State.Retired.Size >= limits.Retired then Refused
        else Rule.await (Memory.hasRoom limits case.Asked.State)

    let opening: Rule<NewChannelCase> list =
        [ { Tag = Tags.channelKnown; Check = takesPart }
          { Tag = Tags.idempotentResign; Check = sameTerms }
          { Tag = Tags.stateAnchored; Check = fun case -> Rule.anchored case.Asked }
          { Tag = Tags.nonceUnique; Check = isNew }
          { Tag = Tags.channelParams; Check = sane }
          { Tag = Tags.payeeAllowlist; Check = knownPeers }
          { Tag = Tags.counts; Check = room } ]

    let private fresh (case: NewChannelCase) kind mine : SignerChannel =
        { Id = case.Id
          Fixed = case.Terms.Fixed
          Kind = kind
          Dialect = case.Terms.Dialect
          Mine = mine
          Opening =
            { Outcome = case.Terms.Outcome
              AppData = case.Terms.AppData
              Turn = Turn.preFund
              IsFinal = false }
          Marks = Marks.none
          Last = ValueNone
          PeerTurns = Map.empty
          Pending = []
          Supported = ValueNone
          Shares = Map.empty
          Backing = Set.empty
          Leaving = Set.empty
          Sighting = ValueNone
          Deposits = Map.empty
          Received = Amount.zero
          Allowances = []
          CloseApproved = false
          Proposed = Map.empty
          IdleSince = ValueNone }

    let register (case: NewChannelCase) : SignerState =
        let mine = case.Terms.Fixed.Participants |> List.tryFindIndex (fun party -> party = case.Asked.Config.Me)

        match mine, kind case with
        | Some mine, ValueSome kind ->
            case.Asked.State |> Memory.makeRoom case.Asked.Config.Limits |> Memory.put (fresh case kind mine)
        | _ -> case.Asked.State

    let private isSame (case: SightingCase) =
        match case.Channel with
        | ValueSome { Sighting = ValueSome seen } when
            seen.Height = case.Height && seen.Tip = case.Tip && seen.Holdings = case.Holdings && seen.At = case.Asked.Now
            ->
            Repeated
        | ValueSome _
        | ValueNone -> Pass

    let private isLater (case: SightingCase) =
        on case.Channel (fun channel ->
            match channel.Sighting with
            | _ when case.Height > case.Tip -> Refused
            // Either may go back: the block after a re-org, the tip with the depth that the node waits for. Not both.
            | ValueSome seen -> Rule.require (case.Tip >= seen.Tip || case.Height >= seen.Height)
            | ValueNone -> Pass)

    let sightings: Rule<SightingCase> list =
        [ { Tag = Tags.channelKnown; Check = fun case -> on case.Channel (fun _ -> Pass) }
          { Tag = Tags.idempotentResign; Check = isSame }
          { Tag = Tags.depositObserved; Check = isLater }
          { Tag = Tags.counts
            Check = fun case -> Rule.require (Map.count case.Holdings <= case.Asked.Config.Limits.OutcomeEntries) } ]

    let see (case: SightingCase) =
        match case.Channel with
        | ValueNone -> case.Asked.State
        | ValueSome channel ->
            let seen =
                { Holdings = case.Holdings
                  Height = case.Height
                  Tip = case.Tip
                  At = case.Asked.Now }

            Memory.put { channel with Sighting = ValueSome seen } case.Asked.State

    let private party (case: WitnessCase) (channel: SignerChannel) =
        channel.Fixed.Participants |> List.tryFindIndex (fun party -> ValueSome party = case.Signer)

    let private isKnown (case: WitnessCase) =
        match case.Channel with
        | ValueNone -> Pass
        | ValueSome channel ->
            let turn = case.State.Variable.Turn

            match party case channel with
            | Some index when index = channel.Mine ->
                // Below the floor hashes are forgotten: what cannot be told is no proof.
                if case.Asked.State.Suspect || channel.Marks.Signed.TryFind turn = Some case.Hash || turn < channel.Marks.Floor then Repeated
                else Pass
            | Some index when channel.Pending |> List.exists (fun seen -> seen.Hash = case.Hash && seen.By.Contains index) -> Repeated
            | Some index ->
                match channel.Supported, channel.PeerTurns.TryFind index with
                | ValueSome seen, Some reached when seen.Variable.Turn >= turn && reached >= turn -> Repeated
                | _ -> Pass
            | None -> Pass

    let private isOpeningOrLater (case: WitnessCase) =
        on case.Channel (fun channel ->
            let variable = case.State.Variable

            Rule.require (
                variable.Turn > Turn.postFund
                || (variable.Outcome = channel.Opening.Outcome && variable.AppData = channel.Opening.AppData && not variable.IsFinal)
            ))

    /// 38: states that wait for somebody's signature.
    let hasRoomFor (asked: Asked) (channel: SignerChannel) =
        Rule.await (channel.Pending.Length < 2 * asked.Config.Limits.InFlight + 4)

    let private hasRoom (case: WitnessCase) =
        on case.Channel (fun channel ->
            let limits = case.Asked.Config.Limits

            if entries case.State.Variable.Outcome > limits.OutcomeEntries + limits.Guarantees then Refused
            else hasRoomFor case.Asked channel)

    let witnesses: Rule<WitnessCase> list =
        [ { Tag = Tags.channelKnown; Check = fun case -> on case.Channel (fun _ -> Pass) }
          { Tag = Tags.peerSignature
            Check = fun case -> on case.Channel (fun channel -> Rule.require (party case channel).IsSome) }
          { Tag = Tags.idempotentResign; Check = isKnown }
          { Tag = Tags.outcomeConserved; Check = isOpeningOrLater }
          { Tag = Tags.counts; Check = hasRoom } ]

    /// Our own signature under something we do not remember means that our memory is old.
    let learn (case: WitnessCase) =
        match case.Channel with
        | ValueNone -> case.Asked.State
        | ValueSome channel ->
            match party case channel with
            | Some index when index = channel.Mine -> { case.Asked.State with Suspect = true }
            | Some index ->
                let seen = SignerChannel.witness index case.State.Variable case.Hash channel
                case.Asked.State |> Memory.put seen |> Leaving.settle seen
            | None -> case.Asked.State

    /// Nothing is backed, held or owed any more.
    let private isOver (case: CloseCase) = on case.Channel (fun channel -> Rule.require (Memory.mayGo channel || Memory.isPaidOut channel))

    let private isGone (case: CloseCase) = if RetiredIds.contains case.Id case.Asked.State.Retired then Repeated else Pass

    let closing: Rule<CloseCase> list =
        [ { Tag = Tags.idempotentResign; Check = isGone }
          { Tag = Tags.stateAnchored; Check = fun case -> Rule.anchored case.Asked }
          { Tag = Tags.channelKnown; Check = fun case -> on case.Channel (fun _ -> Pass) }
          { Tag = Tags.closeFinished; Check = isOver } ]

    let retire (case: CloseCase) =
        match case.Channel with
        | ValueSome channel -> Memory.retire channel case.Asked.State
        | ValueNone -> case.Asked.State
