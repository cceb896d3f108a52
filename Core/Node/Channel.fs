namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// A state that somebody has signed, or is about to.
type internal SeenState =
    { Variable: VariablePart
      Hash: Bytes32
      /// By participant index.
      Signatures: Map<int, Signature> }

/// Everything known of one channel.
type internal Channel =
    { Terms: Terms
      /// When an objective here last came nearer to its goal: a signature, a ledger update, a change of the holdings.
      MovedAt: Instant
      /// Pre-fund, post-fund and final states. More than one per turn only where peers contradict each other:
      /// each participant has signed at most one of them.
      States: Map<TurnNumber, SeenState list>
      Chain: OnChain
      Ledger: LedgerChannel voption
      Payments: Payments voption
      /// Participants who said that they gave the opening up; of payment channels between our nodes only.
      GivenUpBy: Address list
      /// What peers have taken, as long as an objective here is open.
      Told: struct (Address * Telling) list }

module internal Channel =
    /// With these states, and nothing else that is known of it.
    let withStates (at: Instant) (terms: Terms) states =
        { Terms = terms
          MovedAt = at
          States = states
          Chain = OnChain.none
          Ledger = ValueNone
          Payments =
            if terms.IsLedger then ValueNone
            else ValueSome(Payments.register (Terms.role terms) terms.Payer terms.Opening.LeaderBalance)
          GivenUpBy = []
          Told = [] }

    let create (at: Instant) (terms: Terms) =
        let unsigned variable =
            { Variable = variable
              Hash = State.hash terms.Id variable
              Signatures = Map.empty }

        let struct (preFund, postFund) = Terms.openings terms
        withStates at terms (Map.ofList [ Turn.preFund, [ unsigned preFund ]; Turn.postFund, [ unsigned postFund ] ])

    let at turn (channel: Channel) = match channel.States.TryFind turn with Some states -> states | None -> []
    let tryHash turn hash (channel: Channel) = at turn channel |> List.tryFind (fun seen -> seen.Hash = hash)

    /// The one state of a turn that this party has signed.
    let signedBy party turn (channel: Channel) = at turn channel |> List.tryFind (fun seen -> seen.Signatures.ContainsKey party)
    let isComplete (channel: Channel) (seen: SeenState) = seen.Signatures.Count = channel.Terms.Parties.Length
    let complete turn (channel: Channel) = at turn channel |> List.tryFind (isComplete channel)
    let hasSigned turn (channel: Channel) = (signedBy channel.Terms.MyIndex turn channel).IsSome
    let isOpen (channel: Channel) = (complete Turn.postFund channel).IsSome

    /// What takes a payment channel's guarantee back as if it had never been opened.
    let givingBack (channel: Channel) = Remove(channel.Terms.Id, channel.Terms.Opening.LeaderBalance)

    /// While its post-fund is unsigned anybody; after that the payee gives up nothing as long as no payment can have counted. For the
    /// others the order decides, see `GivingBack`.
    let mayGiveBack (channel: Channel) =
        match channel.Payments with
        | ValueSome _ when not (hasSigned Turn.postFund channel) -> true
        | ValueSome payments -> payments.Role = Payee && not (isOpen channel) && payments.Best.IsZero
        | ValueNone -> false

    let tryFinal (isWanted: SeenState -> bool) (channel: Channel) =
        channel.States |> Map.tryPick (fun _ states -> states |> List.tryFind (fun seen -> seen.Variable.IsFinal && isWanted seen))

    let ownFinal (channel: Channel) = tryFinal (fun seen -> seen.Signatures.ContainsKey channel.Terms.MyIndex) channel
    let completeFinal (channel: Channel) = tryFinal (isComplete channel) channel

    let see variable (channel: Channel) =
        let hash = State.hash channel.Terms.Id variable

        match tryHash variable.Turn hash channel with
        | Some _ -> channel
        | None ->
            let seen =
                { Variable = variable
                  Hash = hash
                  Signatures = Map.empty }

            { channel with States = channel.States.Add(variable.Turn, at variable.Turn channel @ [ seen ]) }

    let sign turn hash party signature (channel: Channel) =
        let put (seen: SeenState) =
            if seen.Hash = hash && not (seen.Signatures.ContainsKey party) then
                { seen with Signatures = seen.Signatures.Add(party, signature) }
            else
                seen

        { channel with States = channel.States |> Map.change turn (Option.map (List.map put)) }

    /// Becomes a running ledger, from a fully signed post-fund.
    let run (channel: Channel) =
        match complete Turn.postFund channel with
        | Some seen -> { channel with Ledger = ValueSome(LedgerChannel.start channel.Terms.Opening seen.Signatures[0] seen.Signatures[1]) }
        | None -> channel

    let givenUp peer (channel: Channel) =
        if List.contains peer channel.GivenUpBy then channel else { channel with GivenUpBy = channel.GivenUpBy @ [ peer ] }

    let onChain change (channel: Channel) = { channel with Chain = change channel.Chain }
    /// No refusal any more in a row of them.
    let succeeded (channel: Channel) = if channel.Chain.Attempts = 0 then channel else onChain (fun chain -> { chain with Attempts = 0 }) channel
    let moved at (channel: Channel) = { channel with MovedAt = at }
    let onLedger change (channel: Channel) = { channel with Ledger = ValueOption.map change channel.Ledger }
    let onPayments change (channel: Channel) = { channel with Payments = ValueOption.map change channel.Payments }
    let counterparty (channel: Channel) = List.head channel.Terms.Others
    let isLeader (channel: Channel) = channel.Terms.MyIndex = 0
