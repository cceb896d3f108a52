namespace Nitro.Core.Tests.Signer

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer.Policy
open Nitro.Wire
open Nitro.Core.Tests.Signer.PolicyWorld

/// What the owner does.
type internal Deed =
    | Opens of peer: Address
    /// Through a new payment channel, by vouchers of these totals; `approved` by the device beforehand.
    | Pays of peer: Address * totals: int list * approved: int
    | Earns of peer: Address * totals: int list
    /// From the left to the right.
    | Forwards of total: int
    | Closes of peer: Address

/// What a node asks of its signer, request by request: evidence that is new, then what is wanted.
type internal Talk =
    { Cast: Cast
      /// Newest first.
      Requests: SignerRequest list list
      /// Evidence that is not sent yet.
      Heard: SignerRequest list
      /// By peer: the ledger and its newest state.
      Ledgers: Map<Address, struct (ChannelTerms * TurnNumber * LedgerOutcome)>
      /// Numbers approvals, payment channels and transactions.
      Count: uint64 }

module internal HonestTalk =
    let deposited = 50
    let locked = 20

    let signed (cast: Cast) party (state: State) = RecordPeerSignature(state, cast.Sign party (Digest.personal (hash state)))

    let everybody (cast: Cast) (state: State) =
        [ for party in state.Fixed.Participants do
              if party <> cast.Me then signed cast party state ]

    let private hear evidence talk = { talk with Heard = talk.Heard @ evidence }
    let private want request talk = { talk with Heard = []; Requests = (talk.Heard @ [ request ]) :: talk.Requests }
    let private agree state talk = talk |> want (SignState state) |> hear (everybody talk.Cast state)
    let private counted talk = { talk with Count = talk.Count + 1UL }
    let contracts = UseContracts { ChainId = chainId; Adjudicator = adjudicator; ConsensusApp = ledgerApp; VirtualPaymentApp = paymentApp }

    /// We follow on the left and lead on the right.
    let ledgerTerms (cast: Cast) peer =
        if peer = cast.Left then terms ledgerApp 1UL [ peer; cast.Me ] deposited deposited
        else terms ledgerApp 2UL [ cast.Me; peer ] deposited deposited

    let private approval grant talk =
        let approval = { Grant = grant; Nonce = Bytes32.ofUInt64 talk.Count; IssuedAt = start }
        let attestation = talk.Cast.Attest(Approval.encode talk.Cast.Me approval)
        talk |> hear [ ApproveRequest(approval, { Key = talk.Cast.Device; Signature = attestation }) ] |> counted

    let private opens peer talk =
        let terms = ledgerTerms talk.Cast peer
        let before = if peer = talk.Cast.Left then deposited else 0
        let outcome = match Ledger.tryOpening terms.Outcome with ValueSome found -> found | ValueNone -> failwith "no ledger"

        { talk with Ledgers = talk.Ledgers.Add(peer, struct (terms, 1UL, outcome)) }
        |> hear [ contracts; NewChannel terms ]
        |> agree (opening terms 0UL)
        |> want (SignTransaction(deposit talk.Count terms before deposited))
        |> hear [ held terms (2 * deposited) ]
        |> agree (opening terms 1UL)
        |> counted

    let private proposes peer change talk =
        let struct (terms, turn, ledger) = talk.Ledgers[peer]

        match Ledger.apply change ledger with
        | Error text -> failwith text
        | Ok next ->
            let turn = turn + 1UL
            let seen = [ signed talk.Cast peer { Fixed = terms.Fixed; Variable = Ledger.toVariable Nitro turn false next } ]
            let wanted = SignProposal(id terms, turn, change)
            let moved = { talk with Ledgers = talk.Ledgers.Add(peer, struct (terms, turn, next)) }
            if List.head terms.Fixed.Participants = peer then moved |> hear seen |> want wanted else moved |> want wanted |> hear seen

    /// Opened, used and ended, with a guarantee on each of our sides.
    let private through parties first (use': ChannelTerms -> Talk -> Talk) total talk =
        let me = talk.Cast.Me
        let channel = terms paymentApp (100UL + talk.Count) parties first 0
        let sides = List.pairwise parties |> List.filter (fun (one, other) -> one = me || other = me)
        let onSides change talk = sides |> List.fold (fun talk (one, other) -> proposes (if one = me then other else one) (change one other) talk) talk

        let adds left right =
            Add({ Target = id channel; Amount = amount first; Left = Destination.ofAddress left; Right = Destination.ofAddress right }, amount first)

        counted talk
        |> hear [ NewChannel channel ]
        |> agree (opening channel 0UL)
        |> onSides adds
        |> agree (opening channel 1UL)
        |> use' channel
        |> agree (final channel (first - total) total)
        |> onSides (fun _ _ -> Remove(id channel, amount (first - total)))

    let private pays totals approved channel talk =
        let granted = if approved = 0 then talk else approval (Spend(id channel, coin, amount approved, start + 1_000L)) talk
        totals |> List.fold (fun talk total -> want (SignVoucher(voucher channel total)) talk) granted

    let voucherBy (cast: Cast) party (voucher: Voucher) = RecordVoucher(voucher, cast.Sign party (Digest.personal (Voucher.hash voucher)))

    let private earns peer totals channel talk =
        totals |> List.fold (fun talk total -> hear [ voucherBy talk.Cast peer (voucher channel total) ] talk) talk

    let private closes peer talk =
        let struct (terms, turn, ledger) = talk.Ledgers[peer]
        let ended = { Fixed = terms.Fixed; Variable = Ledger.toVariable Nitro (turn + 1UL) true ledger }
        let out = ChainV1.transferAllAssets (id terms) ended.Variable.Outcome Bytes32.zero

        talk
        |> approval (Close(id terms))
        |> agree ended
        |> want (SignTransaction(transaction talk.Count adjudicator 0 out))
        |> hear [ ObserveDeposit(id terms, Funds.empty, 20UL, 30UL) ]
        |> want (CloseChannel(id terms))

    let private act talk deed =
        let me = talk.Cast.Me

        match deed with
        | Opens peer -> opens peer talk
        | Pays(peer, totals, approved) -> through [ me; peer ] locked (pays totals approved) (List.last totals) talk
        | Earns(peer, totals) -> through [ peer; me ] locked (earns peer totals) (List.last totals) talk
        | Forwards total -> through [ talk.Cast.Left; me; talk.Cast.Right ] locked (fun _ talk -> talk) total talk
        | Closes peer -> closes peer talk

    let make (cast: Cast) (deeds: Deed list) : SignerRequest list list =
        let talk = deeds |> List.fold act { Cast = cast; Requests = []; Heard = []; Ledgers = Map.empty; Count = 0UL }
        List.rev talk.Requests
