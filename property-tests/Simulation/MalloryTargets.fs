namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// A victim's channel in which one of the band takes part.
type internal Target =
    { Victim: Node
      /// Of the band and a participant: who speaks.
      By: Address
      Channel: Channel }

    member this.Terms = this.Channel.Terms
    /// Whoever speaks is the channel's first participant: a ledger's leader, a payment channel's payer.
    member this.ByFirst = this.By = this.Channel.Terms.Parties[0]

module internal Target =
    let find (band: Band) (isWanted: Target -> bool) : Target[] =
        [| for victim in band.Victims do
               for channel in victim.State.Channels.Items.Values do
                   for who in channel.Terms.Parties do
                       if band.Has who then
                           let target = { Victim = victim; By = who; Channel = channel }
                           if isWanted target then target |]
        |> Array.sortBy (fun target -> target.Victim.Address, target.Terms.Id, target.By)

    /// Says something to one of those who are wanted; false where there is none, or nothing to say.
    let strike (band: Band) isWanted (words: Target -> PeerItem list) : bool =
        match find band isWanted with
        | [||] -> false
        | found ->
            let target = band.Random.Pick found

            match words target with
            | [] -> false
            | items ->
                band.Say(target.By, target.Victim.Address, items)
                true

    // Questions about a target

    let isRunningLedger (target: Target) = target.Channel.Ledger.IsSome && (Channel.ownFinal target.Channel).IsNone
    let isPayment (target: Target) = not target.Terms.IsLedger
    let isOpenPayment (target: Target) = isPayment target && Channel.isOpen target.Channel
    /// Its victim has no final state yet.
    let isUnclosed (target: Target) = (Channel.tryFinal (fun _ -> true) target.Channel).IsNone
    let isVictimPayee (target: Target) = isPayment target && target.Terms.MyIndex = target.Terms.Last

    // What is said

    /// Everybody of the band who takes part in it.
    let partners (band: Band) (terms: Terms) = terms.Parties |> List.filter band.Has

    /// Signed by these, each in its own place.
    let state (band: Band) (signers: Address list) kind (terms: Terms) (variable: VariablePart) : PeerItem =
        let hash = State.hash terms.Id variable

        let signatures =
            terms.Parties
            |> List.indexed
            |> List.filter (fun (_, who) -> List.contains who signers)
            |> List.map (fun (index, who) -> index, band.Sign(who, hash))

        StateItem({ Kind = kind; Channel = terms.Id }, { Fixed = terms.Fixed; Variable = variable; Hash = hash; Signatures = signatures })

    /// A ledger's final state as it should be, and a payment channel's that pays so much.
    let ledgerFinal (target: Target) (ledger: LedgerChannel) : VariablePart =
        Ledger.toVariable target.Terms.Dialect (ledger.AgreedTurn + 1UL) true ledger.Agreed

    let paymentFinal (terms: Terms) (paid: Amount) : VariablePart voption =
        Rules.virtualFinalOutcome paid terms.Opening
        |> ValueOption.map (Ledger.toVariable terms.Dialect Turn.virtualFinal true)

    let proposalItem ledger proposal turn signature : PeerItem =
        ProposalItem
            { Ledger = ledger
              Proposal = proposal
              Turn = turn
              Signature = signature
              Recovered = ValueNone }

    /// A change signed over what it leads to from `before`, or over nothing that can be where it cannot follow.
    let proposal (band: Band) (signer: Address) (terms: Terms) (before: LedgerOutcome) turn proposal : PeerItem =
        let hash =
            match Ledger.apply proposal before with
            | Ok after -> State.hash terms.Id (Ledger.toVariable terms.Dialect turn false after)
            | Error _ -> State.hash terms.Id (Ledger.toVariable terms.Dialect turn false before)

        proposalItem terms.Id proposal turn (band.Sign(signer, hash))

    /// The next proposal in a victim's queue, whose ledger the speaker leads.
    let next (band: Band) (target: Target) (ledger: LedgerChannel) change : PeerItem =
        proposal band target.By target.Terms (LedgerChannel.proposed ledger) (LedgerChannel.lastTurn ledger + 1UL) change

    let someAmount (band: Band) (most: Amount) : Amount =
        Places.amount (band.Random.Between(1, max 1 (int (min most.Value 1_000_000I))))
