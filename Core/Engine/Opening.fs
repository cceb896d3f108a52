namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// May this channel be opened, by the rules, by what our ledgers can bear, and by the operator's policy?
/// The same questions for our own requests and for a peer's proposals.
module internal Opening =
    let private indexOf me (parties: Address list) = parties |> List.tryFindIndex (fun party -> party = me)

    /// An open or opening ledger with the peer that a new one of this asset would collide with.
    let private colliding (settings: Settings) (state: NodeState) peer asset =
        match settings.DialectOf peer with
        | Nitro -> (NodeState.ledgerWith peer asset state).IsSome
        // go-nitro looks a ledger up by its counterparty alone.
        | GoNitro -> Table.containsKey peer state.Ledgers

    let ledgerTerms (settings: Settings) (fixedPart: FixedPart) (outcome: Outcome) : Result<Terms, string> =
        match indexOf settings.Me fixedPart.Participants, Rules.ledgerOpening settings.ConsensusApp fixedPart outcome with
        | None, _ -> Error "my address not found in participants"
        | _, Error reason -> Error reason
        | Some index, Ok opening ->
            Ok
                { Id = FixedPart.channelId fixedPart
                  Fixed = fixedPart
                  Opening = opening
                  MyIndex = index
                  IsLedger = true
                  Dialect = settings.DialectOf fixedPart.Participants[1 - index] }

    let ledger (settings: Settings) (state: NodeState) (terms: Terms) : Result<unit, string> =
        let peer = List.head terms.Others

        if colliding settings state peer terms.Opening.Asset then
            Error $"counterparty {Text.checksum peer}: directfund: ledger channel already exists"
        else
            Ok()

    let virtualTerms (settings: Settings) (fixedPart: FixedPart) (outcome: Outcome) : Result<Terms, string> =
        match indexOf settings.Me fixedPart.Participants, Rules.virtualOpening settings.VirtualApp fixedPart outcome with
        | None, _ -> Error "not a participant in V"
        | _, Error reason -> Error reason
        | Some index, Ok(struct (dialect, opening)) ->
            Ok
                { Id = FixedPart.channelId fixedPart
                  Fixed = fixedPart
                  Opening = opening
                  MyIndex = index
                  IsLedger = false
                  Dialect = dialect }

    /// A running ledger with that neighbour and asset, not closing, of the channel's dialect.
    let private carrier (state: NodeState) (terms: Terms) neighbour missing : Result<Channel, string> =
        match NodeState.ledgerWith neighbour terms.Opening.Asset state with
        | ValueSome channel when channel.Ledger.IsNone -> Error missing
        | ValueSome channel when (NodeState.openObjective { Kind = DirectDefunding; Channel = channel.Terms.Id } state).IsSome ->
            Error "the ledger channel is closing"
        | ValueSome channel when NodeState.isFinalOut channel state -> Error "the ledger channel is closing"
        | ValueSome channel when NodeState.isStale channel state -> Error "may-be-stale: our journal was restored from an older copy, and the ledger's other party has not said yet what it holds"
        | ValueSome channel when channel.Chain.Doubtful -> Error "the ledger channel's deposits are in doubt until the chain shows them again"
        | ValueSome channel when channel.Terms.Dialect <> terms.Dialect ->
            Error "dialect-mismatch: the payment channel's application does not fit the ledger's dialect"
        | ValueSome channel -> Ok channel
        | ValueNone -> Error missing

    /// The ledger can take the guarantee beside all others promised, and within the limits for what is not yet safe.
    let private bears (settings: Settings) (terms: Terms) position (channel: Channel) : Result<unit, string> =
        match channel.Ledger with
        | ValueNone -> Error "the ledger channel is not open"
        | ValueSome ledger ->
            let guarantee = Terms.guarantee terms position
            let struct (leaderCost, followerCost) = Ledger.cost guarantee terms.Opening.LeaderBalance ledger.Agreed
            let struct (leaderFree, followerFree) = LedgerChannel.free ledger
            let asset = terms.Opening.Asset
            let locked = Amount.addSaturated ledger.Locked guarantee.Amount
            let unenforceable = Amount.addSaturated ledger.Unenforceable guarantee.Amount

            if leaderCost > leaderFree || followerCost > followerFree then
                Error $"capacity: the ledger {channel.Terms.Id} has not enough free funds"
            elif Terms.isUnenforceable terms && unenforceable > Policy.unenforceableLimit settings.Policy asset then
                Error "policy-max-unenforceable: the contracts could not enforce this channel, and maxUnenforceable does not allow more"
            else
                match Policy.lockedLimit settings.Policy asset with
                | ValueSome most when locked > most -> Error "policy-max-locked: too much is locked in openings that are not complete"
                | _ -> Ok()

    let private neighbour (state: NodeState) (terms: Terms) index missing =
        carrier state terms terms.Parties[index] missing

    /// Our ledgers on either side, once they are found able to carry the channel.
    let virtualLedgers (settings: Settings) (state: NodeState) (terms: Terms) : Result<struct (ChannelId voption * ChannelId voption), string> =
        let me = terms.MyIndex
        let name index = Text.checksum terms.Parties[index]

        let side exists index position missing =
            if not exists then
                Ok ValueNone
            else
                neighbour state terms index missing
                |> Result.bind (fun channel ->
                    bears settings terms position channel |> Result.map (fun () -> ValueSome channel.Terms.Id))

        let noLeft () = $"could not find a left ledger channel between {name (me - 1)} and {name me}"

        let noRight () =
            if me = 0 then $"could not find ledger for {name 0} and {name 1}"
            else $"could not find a right ledger channel between {name me} and {name (me + 1)}"

        side (me > 0) (me - 1) (me - 1) (if me > 0 then noLeft () else "")
        |> Result.bind (fun left ->
            side (me < terms.Last) (me + 1) me (if me < terms.Last then noRight () else "")
            |> Result.map (fun right -> struct (left, right)))

    /// The operator's say on what a peer proposes.
    let policy (settings: Settings) sender (terms: Terms) : Result<unit, string> =
        let policy = settings.Policy

        Policy.peer policy sender
        |> Result.bind (fun () -> Policy.amount policy terms.Opening.Asset (Terms.ownShare terms))
        |> Result.bind (fun () -> Policy.challengeDuration policy terms.Fixed.ChallengeDuration)
