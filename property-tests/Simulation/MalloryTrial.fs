namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire

/// A state that the contracts would believe: its channel, the proof that it needs, and itself with all signatures.
type internal SupportedState =
    { Fixed: FixedPart
      Proof: SignedPart list
      Candidate: SignedPart }

    member this.Turn = this.Candidate.Part.Turn
    member this.Id = FixedPart.channelId this.Fixed
    member this.Hash = State.hash this.Id this.Candidate.Part

module internal SupportedState =
    let private complete (terms: Terms) (seen: SeenState) =
        { Fixed = terms.Fixed
          Proof = []
          Candidate = { Part = seen.Variable; Signatures = List.ofSeq seen.Signatures.Values } }

    let ofProposal (terms: Terms) turn (outcome: LedgerOutcome) leader follower =
        { Fixed = terms.Fixed
          Proof = []
          Candidate = { Part = Ledger.toVariable terms.Dialect turn false outcome; Signatures = [ leader; follower ] } }

    let private ofLedger (channel: Channel) =
        match Channel.completeFinal channel, channel.Ledger with
        | Some seen, _ -> ValueSome(complete channel.Terms seen)
        | None, ValueSome l -> ValueSome(ofProposal channel.Terms l.AgreedTurn l.Agreed l.LeaderSignature l.FollowerSignature)
        | None, ValueNone -> Channel.complete Turn.preFund channel |> Option.map (complete channel.Terms) |> ValueOption.ofOption

    /// A payee's best voucher on the post-fund, as VirtualPaymentApp wants it.
    let private redemption (sign: Bytes32 -> Signature) (channel: Channel) (postFund: SupportedState) =
        match channel.Payments with
        | ValueSome { Account = { Role = Payee }; Received = { Total = best; Signature = ValueSome signature } } when not best.IsZero ->
            Rules.virtualFinalOutcome best channel.Terms.Opening
            |> ValueOption.map (fun outcome ->
                let part = { Ledger.toVariable channel.Terms.Dialect Turn.virtualFinal false outcome with AppData = Voucher.appData best signature }

                { Fixed = channel.Terms.Fixed
                  Proof = [ postFund.Candidate ]
                  Candidate = { Part = part; Signatures = [ sign (State.hash channel.Terms.Id part) ] } })
            |> ValueOption.defaultValue postFund
        | _ -> postFund

    let private ofPayment sign (channel: Channel) =
        match Channel.complete Turn.postFund channel, Channel.complete Turn.preFund channel with
        | Some seen, _ -> ValueSome(redemption sign channel (complete channel.Terms seen))
        | None, Some seen -> ValueSome(complete channel.Terms seen)
        | None, None -> ValueNone

    /// The newest that a node could bring before the contracts by itself.
    let newest sign (channel: Channel) : SupportedState voption =
        if channel.Terms.IsLedger then ofLedger channel else ofPayment sign channel

/// What would become of a challenge: played on a copy of the contracts, move by move, with nobody but the node itself to answer.
module internal MalloryTrial =
    let private sign who hash = FakeCurve.sign who (Digest.personal hash)

    let challengeBy who (state: SupportedState) =
        Call.Challenge(state.Fixed, state.Proof, state.Candidate, sign who (State.challengeHash state.Hash))

    let checkpoint (state: SupportedState) = Call.Checkpoint(state.Fixed, state.Proof, state.Candidate)

    let private run time who call contracts = Execution.run FakeCurve.recover time who call contracts |> Result.map fst

    let newestOf (node: Node) (channel: Channel) = SupportedState.newest (sign node.Address) channel

    /// The contracts' rules can be used on what is signed in it.
    let isEnforceable (terms: Terms) = terms.IsLedger || not (Terms.isUnenforceable terms)

    /// It has signed that state itself, and knows that the other may have countersigned.
    let private hasOffered (channel: Channel) (stale: SupportedState) =
        let isQueued =
            match channel.Ledger with
            | ValueSome ledger -> ledger.Queue.Values |> Seq.exists (fun queued -> queued.Hash = stale.Hash && queued.LeaderSignature.IsSome)
            | ValueNone -> false

        let isSeen =
            match Channel.tryHash stale.Turn stale.Hash channel with
            | Some seen -> seen.Signatures.ContainsKey channel.Terms.MyIndex
            | None -> false

        isQueued || isSeen

    /// Its own place in a ledger's outcome, and what it is to be paid there.
    let private share (terms: Terms) (part: VariablePart) =
        match part.Outcome with
        | [ { Allocations = first :: second :: _ } ] -> if terms.MyIndex = 0 then struct (0, first.Amount.Value) else struct (1, second.Amount.Value)
        | _ -> struct (0, 0I)

    /// The node forces its own state through: does it get what that state gives it? (A payment channel's own comes by way of its ledgers.)
    let private enforced (victim: Node) (channel: Channel) (own: SupportedState) time contracts : string list =
        let terms = channel.Terms
        let asset = terms.Opening.Asset
        let struct (place, gives) = share terms own.Candidate.Part
        let isFunded = terms.IsLedger && Contracts.holdings asset terms.Id contracts >= terms.Total
        let due = if isFunded then gives else 0I
        let later = time + uint64 terms.Fixed.ChallengeDuration + 1UL
        let transfer = Call.Transfer(0, terms.Id, Outcome.encode own.Candidate.Part.Outcome, own.Hash, [ place ])
        let paidBy state = (Contracts.paid asset victim.Address state).Value

        let challenged = run time victim.Address (challengeBy victim.Address own) contracts
        let paid = if due = 0I then Result.map (fun _ -> 0I) challenged else challenged |> Result.bind (run later victim.Address transfer) |> Result.map (fun after -> paidBy after - paidBy contracts)

        match paid with
        | Ok amount when amount >= due -> []
        | Ok amount -> [ $"{victim.Address} forces turn {own.Turn} of {terms.Id} through and is paid {amount} of {due}" ]
        | Error reason -> [ $"{victim.Address} cannot force turn {own.Turn} of {terms.Id} through: {reason}" ]

    /// Whether the contracts take the challenge at all; and if so what is wrong with the victim's answer to it.
    let challenge (challenger: Address) (victim: Node) (channel: Channel) (stale: SupportedState) time (contracts: Contracts) : string list voption =
        match run time challenger (challengeBy challenger stale) contracts with
        | Error _ -> ValueNone
        | Ok challenged ->
            let who = victim.Address

            match newestOf victim channel with
            | ValueSome own when own.Turn > stale.Turn ->
                (match run (time + 1UL) who (checkpoint own) challenged with
                 | Error reason -> ValueSome [ $"{who} cannot answer turn {stale.Turn} of {channel.Terms.Id} with turn {own.Turn}: {reason}" ]
                 | Ok answered -> ValueSome(enforced victim channel own (time + 2UL) answered))
            | ValueSome own when own.Hash = stale.Hash -> ValueSome []
            | _ when hasOffered channel stale -> ValueSome []
            | ValueSome own when own.Turn = stale.Turn -> ValueSome [ $"{who}: two supported states of turn {own.Turn} of {channel.Terms.Id}" ]
            | _ -> ValueSome [ $"{who} has nothing against turn {stale.Turn} of {channel.Terms.Id}, and has not signed it" ]
