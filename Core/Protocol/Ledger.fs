namespace Nitro.Protocol

open Nitro.Kernel

/// How guarantees and virtual channels are written. Fixed in a channel's terms when it is opened.
[<Struct>]
type internal Dialect =
    /// Ours: guarantees that the contract can reclaim, virtual channels under VirtualPaymentApp.
    | Nitro
    /// go-nitro's main branch: guarantee type 1 and no application; what is signed cannot be enforced on chain.
    | GoNitro

module internal Dialect =
    let guaranteeType dialect =
        match dialect with
        | Nitro -> AllocationType.guarantee
        | GoNitro -> AllocationType.goNitroGuarantee

/// Money of a ledger set aside for a virtual channel. Left and right follow that channel's direction, payer to payee.
type internal Guarantee =
    { Target: ChannelId
      Amount: Amount
      Left: Destination
      Right: Destination }

/// What a ledger channel holds for whom: two balances and the guarantees, one asset.
type internal LedgerOutcome =
    { Asset: Address
      Leader: Destination
      LeaderBalance: Amount
      Follower: Destination
      FollowerBalance: Amount
      Guarantees: Map<ChannelId, Guarantee> }

/// One change to a ledger. Only the leader (participant 0) proposes.
type internal Proposal =
    | Add of guarantee: Guarantee * leftDeposit: Amount
    | Remove of target: ChannelId * leftAmount: Amount

    member this.Target =
        match this with
        | Add(guarantee, _) -> guarantee.Target
        | Remove(target, _) -> target

/// Ledger updates: reference sections 2.1 to 2.3. Total; an error is the reference's text.
module internal Ledger =
    let private moveLeft (change: Amount -> Amount voption) (guarantee: Guarantee) (outcome: LedgerOutcome) =
        if guarantee.Left = outcome.Leader then
            change outcome.LeaderBalance |> ValueOption.map (fun b -> { outcome with LeaderBalance = b })
        else
            change outcome.FollowerBalance |> ValueOption.map (fun b -> { outcome with FollowerBalance = b })

    let private moveRight (change: Amount -> Amount voption) (guarantee: Guarantee) (outcome: LedgerOutcome) =
        if guarantee.Left = outcome.Leader then
            change outcome.FollowerBalance |> ValueOption.map (fun b -> { outcome with FollowerBalance = b })
        else
            change outcome.LeaderBalance |> ValueOption.map (fun b -> { outcome with LeaderBalance = b })

    let private add (guarantee: Guarantee) leftDeposit (outcome: LedgerOutcome) =
        if outcome.Guarantees.ContainsKey guarantee.Target then
            Error "duplicate guarantee detected"
        else
            match Amount.trySubtract guarantee.Amount leftDeposit with
            | ValueNone -> Error "unable to divert to guarantee: invalid deposit"
            | ValueSome rightDeposit ->
                let take deposit balance = Amount.trySubtract balance deposit

                match outcome |> moveLeft (take leftDeposit) guarantee |> ValueOption.bind (moveRight (take rightDeposit) guarantee) with
                | ValueNone -> Error "insufficient funds"
                | ValueSome moved -> Ok { moved with Guarantees = moved.Guarantees.Add(guarantee.Target, guarantee) }

    let private remove target leftAmount (outcome: LedgerOutcome) =
        match outcome.Guarantees.TryFind target with
        | None -> Error "guarantee not found"
        | Some guarantee ->
            match Amount.trySubtract guarantee.Amount leftAmount with
            | ValueNone -> Error "left amount is greater than the guarantee amount"
            | ValueSome rightAmount ->
                let give amount balance = Amount.tryAdd balance amount

                match outcome |> moveLeft (give leftAmount) guarantee |> ValueOption.bind (moveRight (give rightAmount) guarantee) with
                | ValueNone -> Error "balance out of range"
                | ValueSome moved -> Ok { moved with Guarantees = moved.Guarantees.Remove target }

    /// The outcome after a proposal, or why it cannot follow.
    let apply (proposal: Proposal) (outcome: LedgerOutcome) : Result<LedgerOutcome, string> =
        match proposal with
        | Add(guarantee, leftDeposit) -> add guarantee leftDeposit outcome
        | Remove(target, leftAmount) -> remove target leftAmount outcome

    /// The one proposal that makes `after` of `before`, if there is one.
    let change (before: LedgerOutcome) (after: LedgerOutcome) : Proposal voption =
        let leftOf (guarantee: Guarantee) (outcome: LedgerOutcome) =
            if guarantee.Left = outcome.Leader then outcome.LeaderBalance else outcome.FollowerBalance

        let missing (these: LedgerOutcome) (those: LedgerOutcome) =
            [ for KeyValue(target, guarantee) in these.Guarantees do if not (those.Guarantees.ContainsKey target) then guarantee ]

        let found =
            match missing after before, missing before after with
            | [ added ], [] -> ValueSome(Add(added, Amount.lacking (leftOf added before) (leftOf added after)))
            | [], [ removed ] -> ValueSome(Remove(removed.Target, Amount.lacking (leftOf removed after) (leftOf removed before)))
            | _ -> ValueNone

        match found with
        | ValueSome proposal when apply proposal before = Ok after -> found
        | _ -> ValueNone

    /// What an Add takes from the leader and from the follower.
    let cost (guarantee: Guarantee) leftDeposit (outcome: LedgerOutcome) =
        let right = Amount.lacking guarantee.Amount leftDeposit
        if guarantee.Left = outcome.Leader then struct (leftDeposit, right) else struct (right, leftDeposit)

    let private simple destination amount : Allocation =
        { Destination = destination
          Amount = amount
          Type = AllocationType.simple
          Metadata = [||] }

    let private guaranteeLine dialect (guarantee: Guarantee) : Allocation =
        { Destination = guarantee.Target.Value
          Amount = guarantee.Amount
          Type = Dialect.guaranteeType dialect
          Metadata = Outcome.guaranteeMetadata guarantee.Left guarantee.Right }

    /// Leader, follower, then guarantees ascending by target: the order that is signed.
    let toExit dialect (outcome: LedgerOutcome) : Outcome =
        [ { Asset = outcome.Asset
            MetadataType = 0uy
            Metadata = [||]
            Allocations =
              simple outcome.Leader outcome.LeaderBalance
              :: simple outcome.Follower outcome.FollowerBalance
              :: [ for KeyValue(_, guarantee) in outcome.Guarantees -> guaranteeLine dialect guarantee ] } ]

    /// The state that a ledger outcome stands for at a turn.
    let toVariable dialect turn isFinal (outcome: LedgerOutcome) : VariablePart =
        { Outcome = toExit dialect outcome
          AppData = [||]
          Turn = turn
          IsFinal = isFinal }

    /// A ledger's opening outcome: one asset without metadata, two simple allocations, leader first.
    let tryOpening (outcome: Outcome) : LedgerOutcome voption =
        match outcome with
        | [ { Asset = asset
              MetadataType = 0uy
              Metadata = [||]
              Allocations = [ leader; follower ] } ] when
            leader.Type = AllocationType.simple
            && follower.Type = AllocationType.simple
            && leader.Metadata.Length = 0
            && follower.Metadata.Length = 0
            ->
            ValueSome
                { Asset = asset
                  Leader = leader.Destination
                  LeaderBalance = leader.Amount
                  Follower = follower.Destination
                  FollowerBalance = follower.Amount
                  Guarantees = Map.empty }
        | _ -> ValueNone

    let private tryGuarantee (line: Allocation) : Guarantee option =
        match Outcome.tryGuaranteeMetadata line.Metadata with
        | ValueSome(struct (left, right)) ->
            Some
                { Target = ChannelId line.Destination
                  Amount = line.Amount
                  Left = left
                  Right = right }
        | ValueNone -> None

    /// Back from what is signed at a ledger's turn; nothing for an outcome that this dialect would write in another way.
    let tryRead dialect (outcome: Outcome) : LedgerOutcome voption =
        match outcome with
        | [ { Allocations = leader :: follower :: lines } as exit ] ->
            match tryOpening [ { exit with Allocations = [ leader; follower ] } ] with
            | ValueNone -> ValueNone
            | ValueSome opening ->
                let guarantees = lines |> List.choose tryGuarantee |> List.map (fun found -> found.Target, found) |> Map.ofList
                let whole = { opening with Guarantees = guarantees }
                if toExit dialect whole = outcome then ValueSome whole else ValueNone
        | _ -> ValueNone
