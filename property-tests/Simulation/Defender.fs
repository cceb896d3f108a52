namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire

/// The executable form of "holds evidence by itself": one party, with nothing but its node's state and its key, fights for its
/// money on a copy of the contracts, while everybody else is silent or hostile and has whatever was ever signed.
module internal Defender =
    let private signedPart (variable: VariablePart) (signatures: Signature list) : SignedPart = { Part = variable; Signatures = signatures }
    let private complete (seen: SeenState) = signedPart seen.Variable (List.ofSeq seen.Signatures.Values)

    /// What somebody else may register: whatever all have signed, the others signing now what they have not yet.
    let private hostileStates (books: Books) me id =
        books.States id
        |> Seq.filter (fun state -> state.Fixed.Participants |> List.contains me |> not || state.Signers.Contains me)
        |> Seq.sortBy (fun state -> state.Variable.Turn)
        |> Seq.map (fun state ->
            let digest = Digest.personal state.Hash
            state, signedPart state.Variable [ for party in state.Fixed.Participants -> FakeCurve.sign party digest ])
        |> Seq.toArray

    let private other me (parties: Address list) = parties |> List.find (fun party -> party <> me)

    /// An old state first, to see whether we answer; with `isLast` the newest there is, and the largest voucher that the payer signed.
    let private attack (court: Court) (books: Books) (random: Prng) (channel: Channel) isLast =
        let me = channel.Terms.Me
        let id = channel.Terms.Id
        let by = other me channel.Terms.Parties

        match hostileStates books me id |> Array.filter (fun (state, _) -> not state.Variable.IsFinal) with
        | [||] -> ()
        | states ->
            let state, signed = if isLast then Array.last states else random.Pick states
            court.Challenge(by, state.Fixed, [], signed)

        let payee = channel.Terms.Payee

        if isLast && not channel.Terms.IsLedger && payee <> me then
            // Of a byzantine payer's vouchers the books know those that an honest payee was given.
            let total = Amount.max (books.Spent(channel.Terms.Payer, id)) (books.Given(payee, id))

            match hostileStates books me id |> Array.tryFind (fun (state, _) -> state.Variable.Turn = Turn.postFund), Rules.virtualFinalOutcome total channel.Terms.Opening with
            | Some(_, postFund), ValueSome outcome when not total.IsZero ->
                let voucher = FakeCurve.sign channel.Terms.Payer (Digest.personal (Voucher.hash { Channel = id; Total = total }))
                let variable = { Ledger.toVariable channel.Terms.Dialect 2UL false outcome with AppData = Voucher.appData total voucher }
                let signature = FakeCurve.sign payee (Digest.personal (State.hash id variable))
                court.Challenge(payee, channel.Terms.Fixed, [ postFund ], signedPart variable [ signature ])
            | _ -> ()

    /// A payee's best voucher, as the application wants it.
    let private redemption (channel: Channel) : SignedPart voption =
        match channel.Payments with
        | ValueSome { Account = { Role = Payee }; Received = { Total = total; Signature = ValueSome voucher } } ->
            match Rules.virtualFinalOutcome total channel.Terms.Opening with
            | ValueSome outcome ->
                let variable = { Ledger.toVariable channel.Terms.Dialect 2UL false outcome with AppData = Voucher.appData total voucher }
                let signature = FakeCurve.sign channel.Terms.Me (Digest.personal (State.hash channel.Terms.Id variable))
                ValueSome(signedPart variable [ signature ])
            | ValueNone -> ValueNone
        | _ -> ValueNone

    let private defendPayment (court: Court) (channel: Channel) =
        let me = channel.Terms.Me
        let fixedPart = channel.Terms.Fixed

        match Channel.completeFinal channel, Channel.complete Turn.postFund channel, Channel.complete Turn.preFund channel with
        | Some final, _, _ -> court.Conclude(me, fixedPart, complete final)
        | None, Some postFund, _ ->
            match redemption channel with
            | ValueSome candidate -> court.Challenge(me, fixedPart, [ complete postFund ], candidate)
            | ValueNone -> court.Challenge(me, fixedPart, [], complete postFund)
        | None, None, Some preFund -> court.Challenge(me, fixedPart, [], complete preFund)
        | None, None, None -> ()

    let private update (channel: Channel) turn outcome leader follower =
        signedPart (Ledger.toVariable channel.Terms.Dialect turn false outcome) [ leader; follower ]

    /// The agreed state; as a follower, what of the leader's signed proposals is best for us, with our own signature.
    let private bestUpdate (books: Books) (state: NodeState) (channel: Channel) (ledger: LedgerChannel) =
        let agreed = ledger.Agreed, update channel ledger.AgreedTurn ledger.Agreed ledger.LeaderSignature ledger.FollowerSignature

        let own =
            [ if not (Channel.isLeader channel) then
                  for KeyValue(turn, queued) in ledger.Queue do
                      match queued.LeaderSignature with
                      | ValueSome signature -> queued.After, update channel turn queued.After signature (FakeCurve.sign channel.Terms.Me (Digest.personal queued.Hash))
                      | ValueNone -> () ]

        agreed :: own |> List.maxBy (fun (outcome, _) -> CheckEvidence.ofOutcome books state channel outcome) |> snd

    let private defendLedger (court: Court) books (state: NodeState) (channel: Channel) =
        let me = channel.Terms.Me
        let fixedPart = channel.Terms.Fixed

        match Channel.completeFinal channel, channel.Ledger with
        | Some final, _ -> court.Conclude(me, fixedPart, complete final)
        | None, ValueSome ledger -> court.Challenge(me, fixedPart, [], bestUpdate books state channel ledger)
        | None, ValueNone ->
            match Channel.complete Turn.preFund channel with
            | Some preFund -> court.Challenge(me, fixedPart, [], complete preFund)
            | None -> ()

    let private guaranteed (court: Court) (ledger: Channel) : ChannelId list =
        match court.Registered ledger.Terms.Id with
        | ValueSome(struct (_, _, exit :: _)) ->
            [ for line in exit.Allocations do
                  if not (Destination.isExternal line.Destination) then ChannelId line.Destination ]
        | _ -> []

    /// What `me` has been paid of each asset when all is over.
    let fight (contracts: Contracts) (time: uint64) (books: Books) (random: Prng) (state: NodeState) : Contracts =
        let court = Court(contracts, time + 1UL)
        let channels = state.Channels.Items.Values |> Seq.sortBy (fun c -> c.Terms.Id) |> Seq.toArray
        let ledgers = channels |> Array.filter (fun c -> c.Terms.IsLedger && not (Contracts.held c.Terms.Id contracts).IsEmpty)
        let payments = channels |> Array.filter (fun c -> not c.Terms.IsLedger)
        let all = Array.append payments ledgers
        let longest = all |> Array.fold (fun longest c -> max longest (uint64 c.Terms.Fixed.ChallengeDuration)) 1UL

        // Others begin, with anything old, or say nothing; we answer in time; they answer with the best they have; and we once more.
        for channel in all do
            if random.Next 3 > 0 then attack court books random channel false

        court.Wait 1UL
        for channel in payments do defendPayment court channel
        for channel in ledgers do defendLedger court books state channel
        court.Wait 1UL
        for channel in all do if random.Next 4 > 0 then attack court books random channel true
        court.Wait 1UL
        for channel in payments do defendPayment court channel
        for channel in ledgers do defendLedger court books state channel
        // What somebody had shown the contracts before keeps older states out. It is public: who needs an end repeats it.
        for channel in payments do
            let wasShown = (Contracts.status channel.Terms.Id contracts).TurnRecord > Turn.postFund
            if wasShown && (court.Registered channel.Terms.Id).IsNone then attack court books random channel true

        court.Wait(longest + 1UL)

        for ledger in ledgers do
            let me = ledger.Terms.Me
            for target in guaranteed court ledger do court.Reclaim(me, ledger.Terms.Id, target)
            court.PayOut(me, ledger.Terms.Id)

        court.Contracts

    /// The contracts hold what the node's ledgers rest on: no re-org is under way.
    let private isStanding (contracts: Contracts) (state: NodeState) =
        state.Channels.Items.Values
        |> Seq.forall (fun channel ->
            channel.Ledger.IsNone
            || (Channel.completeFinal channel).IsSome
            || Contracts.holdings channel.Terms.Opening.Asset channel.Terms.Id contracts >= channel.Terms.Total)

    let check (contracts: Contracts) time (books: Books) (random: Prng) (put: ChannelId -> Amount) me (state: NodeState) : string list =
        if not (isStanding contracts state) then
            []
        else
            let after = fight contracts time books random state

            [ for KeyValue(asset, struct (fair, _)) in CheckEvidence.sums books put state do
                  let due = fair - CheckEvidence.soft books asset state
                  let paid = (Contracts.paid asset me after).Value
                  if paid < due then $"it would get {paid} of asset {asset} out of the contracts by itself, its fair amount is {due}" ]
