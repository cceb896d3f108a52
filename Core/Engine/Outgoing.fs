namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What a promise to sign names, found again in the state.
type internal Promised =
    | PromisedState of Channel * VariablePart
    | PromisedUpdate of ledger: Channel * turn: TurnNumber * QueuedProposal
    | PromisedVoucher of Voucher

/// The body of an intent, rebuilt from the state: the journal names what was promised, never its bytes.
/// Nothing means that the state cannot know what it promised, which is our bug.
module internal Outgoing =
    /// Of a payment channel all that we have: a participant may have kept its own from one of us.
    let private own (terms: Terms) party = party = terms.MyIndex || (terms.Dialect = Nitro && not terms.IsLedger)
    let private everybody (_: Terms) (_: int) = true

    let private stateOf wanted (state: NodeState) (objective: ObjectiveId) turn hash =
        match NodeState.channel objective.Channel state with
        | ValueNone -> ValueNone
        | ValueSome channel ->
            match Channel.tryHash turn hash channel with
            | None -> ValueNone
            | Some seen ->
                if not (seen.Signatures.ContainsKey channel.Terms.MyIndex) then
                    ValueNone
                else
                    ValueSome
                        [ StateItem(
                              objective,
                              { Fixed = channel.Terms.Fixed
                                Variable = seen.Variable
                                Hash = seen.Hash
                                Signatures = Map.toList seen.Signatures |> List.filter (fun (party, _) -> wanted channel.Terms party) }
                          ) ]

    let private proposal ledger turn proposal signature =
        ProposalItem
            { Ledger = ledger
              Proposal = proposal
              Turn = turn
              Signature = signature
              Recovered = ValueNone }

    /// Everything signed and not yet countersigned: the whole queue, as go-nitro's followers expect it.
    let private proposalsOf (state: NodeState) id =
        match NodeState.channel id state with
        | ValueSome { Ledger = ValueSome ledger } ->
            [ for KeyValue(turn, queued) in ledger.Queue do
                  match queued.LeaderSignature with
                  | ValueSome signature -> proposal id turn queued.Proposal signature
                  | ValueNone -> () ]
            |> function
                | [] -> ValueNone
                | items -> ValueSome items
        | _ -> ValueNone

    let private agreementOf (state: NodeState) id turn =
        match NodeState.channel id state with
        | ValueSome { Ledger = ValueSome ledger } ->
            (match ledger.Answered.TryFind turn with
             | Some(struct (said, signature)) -> ValueSome [ proposal id turn said signature ]
             | None -> ValueNone)
        | _ -> ValueNone

    let private voucherOf (settings: Settings) (state: NodeState) id =
        match NodeState.channel id state with
        | ValueSome { Payments = ValueSome { Issued = total; IssuedSignature = ValueSome signature } } ->
            ValueSome [ VoucherItem({ Channel = id; Total = total }, signature, settings.Me) ]
        | _ -> ValueNone

    /// Its guarantees may go, as far as we are concerned. Who asks may have forgotten that we said so, and has no other way to hear.
    let private isLetGo (channel: Channel) (state: NodeState) =
        not channel.Terms.IsLedger
        && NodeState.isGivenUp channel.Terms.Id state
        && (not (Channel.hasSigned Turn.postFund channel) || GivingBack.isGivenBack channel state)

    /// A channel's opening; a ledger's newest state that both have signed, a payment channel's best voucher; and what ends either, or that we gave it up.
    let private standingOf (settings: Settings) (state: NodeState) (objective: ObjectiveId) since =
        let closing = { objective with Kind = (match objective.Kind with DirectFunding | DirectDefunding -> DirectDefunding | VirtualFunding | VirtualDefunding -> VirtualDefunding) }

        let signed objective (channel: Channel) variable hash signatures =
            StateItem(
                objective,
                { Fixed = channel.Terms.Fixed
                  Variable = variable
                  Hash = hash
                  Signatures = signatures }
            )

        let ofSeen objective (channel: Channel) (seen: SeenState) = signed objective channel seen.Variable seen.Hash (Map.toList seen.Signatures)

        [ match NodeState.channel objective.Channel state with
          | ValueSome channel ->
              match channel.Ledger, channel.Payments with
              | ValueSome ledger, _ ->
                  // For who knows nothing of it any more.
                  match Channel.complete Turn.postFund channel with
                  | Some seen -> ofSeen objective channel seen
                  | None -> ()

                  let variable = Ledger.toVariable channel.Terms.Dialect ledger.AgreedTurn false ledger.Agreed
                  signed objective channel variable (State.hash channel.Terms.Id variable) [ 0, ledger.LeaderSignature; 1, ledger.FollowerSignature ]
              | ValueNone, ValueSome payments ->
                  match Channel.complete Turn.postFund channel with
                  | Some seen -> ofSeen objective channel seen
                  | None ->
                      for turn in [ Turn.preFund; Turn.postFund ] do
                          for seen in Channel.at turn channel do
                              if not seen.Signatures.IsEmpty then ofSeen objective channel seen

                  match payments.IssuedSignature, payments.Received.Signature with
                  | ValueSome signature, _ -> VoucherItem({ Channel = channel.Terms.Id; Total = payments.Issued }, signature, settings.Me)
                  | ValueNone, ValueSome signature -> VoucherItem({ Channel = channel.Terms.Id; Total = payments.Best }, signature, payments.Payer)
                  | ValueNone, ValueNone -> ()
              | ValueNone, ValueNone -> ()

              match Channel.completeFinal channel with
              | Some seen -> ofSeen closing channel seen
              | None when isLetGo channel state -> RejectionItem objective
              | None -> ()
          | ValueNone -> ()
          StandingItem(objective, since) ]

    let message (settings: Settings) (state: NodeState) telling : PeerMessage voption =
        let items =
            match telling with
            | StateOf(objective, turn, hash) -> stateOf own state objective turn hash
            | AllSignaturesOf(objective, turn, hash) -> stateOf everybody state objective turn hash
            | ProposalsOf(ledger, _) -> proposalsOf state ledger
            | AgreementOf(ledger, turn) -> agreementOf state ledger turn
            | VoucherOf(channel, _) -> voucherOf settings state channel
            | FinalStateWanted objective -> ValueSome [ FinalStateWantedItem objective ]
            | RejectionOf objective -> ValueSome [ RejectionItem objective ]
            | StandingWanted(objective, since) -> ValueSome [ StandingWantedItem(objective, since) ]
            | StandingOf(objective, since) -> ValueSome(standingOf settings state objective since)
            | LedgersWanted -> ValueSome [ LedgersWantedItem ]

        items |> ValueOption.map (fun items -> { From = settings.Me; Items = items })

    let promised (state: NodeState) signing : Promised voption =
        match signing with
        | OwnState(id, turn, hash) ->
            NodeState.channel id state
            |> ValueOption.bind (fun channel ->
                match Channel.tryHash turn hash channel with
                | Some seen -> ValueSome(PromisedState(channel, seen.Variable))
                | None -> ValueNone)
        | LedgerUpdate(id, turn, hash) ->
            (match NodeState.channel id state with
             | ValueSome({ Ledger = ValueSome ledger } as channel) ->
                 (match ledger.Queue.TryFind turn with
                  | Some queued when queued.Hash = hash -> ValueSome(PromisedUpdate(channel, turn, queued))
                  | _ -> ValueNone)
             | _ -> ValueNone)
        | PaymentVoucher(id, total) -> ValueSome(PromisedVoucher { Channel = id; Total = total })

    /// What a signature of ours must be over.
    let payload (state: NodeState) signing : Payload voption =
        promised state signing
        |> ValueOption.map (fun found ->
            match found with
            | PromisedState(channel, variable) -> StatePayload(channel.Terms.Fixed, variable)
            | PromisedUpdate(channel, turn, queued) ->
                StatePayload(channel.Terms.Fixed, Ledger.toVariable channel.Terms.Dialect turn false queued.After)
            | PromisedVoucher voucher -> VoucherPayload voucher)
