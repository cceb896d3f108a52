namespace Nitro.Core.Tests.Signer

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer.Policy
open Nitro.Wire

/// One request in one state under one configuration, and what a rule says of it.
type internal PolicyCase =
    { /// The kind of request, as the rule book names it, and the tag.
      Rule: string * string
      Config: SignerConfig
      State: SignerState
      Now: int64
      Anchor: Bytes32 voption
      /// Stopped by this rule and no other.
      Refused: SignerRequest
      Later: bool
      /// Near it, and allowed.
      Allowed: SignerRequest }

/// For each rule of each request one that it stops, and one like it that it lets pass.
module internal PolicyCases =
    open PolicyWorld

    let private case kind (tag: Tag) state refused allowed =
        { Rule = kind, tag.Name
          Config = config
          State = state
          Now = start
          Anchor = ValueNone
          Refused = refused
          Later = false
          Allowed = allowed }

    let private later case = { case with Later = true }
    let private under config case : PolicyCase = { case with Config = config }
    /// The host's anchor is of another history; shown to the request that would be allowed, it is of this one.
    let private anchor = Bytes32.ofUInt64 1UL
    let private unanchored kind state request = { case kind Tags.stateAnchored state request request with Anchor = ValueSome anchor }
    let private signed terms turn = state terms turn false terms.Outcome
    let private other (state: State) = { state with Variable = { state.Variable with AppData = [| 9uy |] } }
    let private changed change (state: SignerState) terms = { state with Channels = state.Channels.Add(id terms, change state.Channels[id terms]) }
    let private asFinal (state: State) = { state with Variable = { state.Variable with IsFinal = true } }
    let private peers = { config with Peers = ValueSome(Set.ofList [ right ]) }
    let private payees = { config with Payees = ValueSome(Set.ofList [ left ]) }
    let private rightPayees = { config with Payees = ValueSome(Set.ofList [ right ]) }
    let private unknown = terms paymentApp 77UL [ me; right ] 1 0
    let private unlimited = { config with Velocity = Map.empty }
    let private ended (ledger: ChannelTerms) = state ledger 2UL true ledger.Outcome

    let contracts =
        let ours = { ChainId = chainId; Adjudicator = adjudicator; ConsensusApp = ledgerApp; VirtualPaymentApp = paymentApp }
        let kind = "UseContracts"

        [ case kind Tags.contractsPinned SignerState.empty (UseContracts { ours with ChainId = 1UL }) (UseContracts ours)
          case kind Tags.contractsPinned SignerState.empty (UseContracts { ours with Adjudicator = stranger }) (UseContracts { ours with ChainId = 0UL })
          case kind Tags.contractsPinned SignerState.empty (UseContracts { ours with VirtualPaymentApp = ledgerApp }) (UseContracts ours) ]

    let newChannel =
        let kind = "NewChannel"
        let fresh = terms directApp 8UL [ me; right ] 10 10
        let wide = { fresh with Outcome = [ for asset in 1UL .. 9UL -> (outcome (address asset) [ me, 1 ]).Head ] }
        let full = { config with Limits = { config.Limits with Channels = 1 } }
        let gone = after config SignerState.empty [ NewChannel direct; CloseChannel(id direct) ]

        [ case kind Tags.channelKnown SignerState.empty (NewChannel(terms directApp 8UL [ left; right ] 10 10)) (NewChannel fresh)
          case kind Tags.nonceUnique gone (NewChannel direct) (NewChannel fresh)
          case kind Tags.channelParams SignerState.empty (NewChannel { fresh with Fixed = { fresh.Fixed with ChallengeDuration = 1u } }) (NewChannel fresh)
          case kind Tags.payeeAllowlist SignerState.empty (NewChannel(terms directApp 8UL [ me; stranger ] 10 10)) (NewChannel fresh) |> under peers
          unanchored kind SignerState.empty (NewChannel fresh)
          case kind Tags.counts SignerState.empty (NewChannel wide) (NewChannel fresh)
          case kind Tags.counts (after full SignerState.empty [ NewChannel direct ]) (NewChannel fresh) (NewChannel direct) |> later |> under full ]

    let approvals =
        let kind = "ApproveRequest"
        let stale = approval 5UL (start - 10_000L) (Close(id direct))
        let full = after config directOpen [ spend 1UL direct 1; spend 2UL direct 1; spend 3UL direct 1 ]

        [ case kind Tags.channelKnown directOpen (approval 5UL start (Close(id unknown))) (spend 5UL direct 1)
          case kind Tags.payeeAllowlist directOpen (spend 5UL direct 1) (approval 5UL start (Close(id direct))) |> under payees
          case kind Tags.approvalFresh directOpen stale (spend 5UL direct 1)
          case kind Tags.approvalFresh (after config directOpen [ spend 5UL direct 1 ]) (spend 5UL direct 2) (spend 6UL direct 2)
          unanchored kind directOpen (spend 5UL direct 1)
          case kind Tags.counts full (spend 5UL direct 1) (spend 3UL direct 1) |> later ]

    let sightings =
        let kind = "ObserveDeposit"
        let wide = [ for asset in 1UL .. 9UL -> address asset, amount 1 ] |> Map.ofList

        [ case kind Tags.channelKnown directOpen (held unknown 1) (held direct 99)
          case kind Tags.depositObserved directOpen (ObserveDeposit(id direct, Funds.empty, 5UL, 19UL)) (held direct 99)
          case kind Tags.counts directOpen (ObserveDeposit(id direct, wide, 10UL, 20UL)) (held direct 99) ]

    let witnesses =
        let kind = "RecordPeerSignature"
        let good = signed direct 2UL
        let flood = [ for turn in 2UL .. 13UL -> peerSigns right (signed direct turn) ]

        [ case kind Tags.channelKnown directOpen (peerSigns right (signed unknown 0UL)) (peerSigns right good)
          case kind Tags.peerSignature directOpen (peerSigns stranger good) (peerSigns right good)
          case kind Tags.outcomeConserved (after config SignerState.empty [ NewChannel direct ]) (peerSigns right (other (signed direct 0UL))) (peerSigns right (signed direct 0UL))
          case kind Tags.counts (after config directOpen flood) (peerSigns right (signed direct 14UL)) (peerSigns right (signed direct 3UL)) |> later ]

    let states =
        let kind = "SignState"
        let pre = after config SignerState.empty ([ NewChannel direct ] @ everybody (opening direct 0UL) direct)
        let two = SignState(signed direct 2UL)
        let follows = after config directOpen [ two; peerSigns right (signed direct 2UL); peerSigns right (signed direct 3UL); peerSigns right (signed direct 4UL) ]
        let jumped = after config follows [ SignState(signed direct 5UL) ]
        let closing = approval 1UL start (Close(id direct))
        let final = after config directOpen [ closing; SignState(asFinal (signed direct 2UL)); peerSigns right (asFinal (signed direct 2UL)) ]
        let unfunded = after config SignerState.empty ([ NewChannel direct; SignState(opening direct 0UL) ] @ everybody (opening direct 0UL) direct)
        let funded = after config unfunded [ held direct 100 ]
        let half = after config funded [ SignState(opening direct 1UL) ]
        let approved = after config directOpen [ spend 1UL direct 20 ]
        let lower first last = SignState(state direct 2UL false (split direct first last))
        let strange = SignState(state direct 2UL false (outcome coin [ me, 50; right, 45; stranger, 5 ]))
        let smuggled = SignState { ledgerAfter rightLedger [ add paying rightLedger ] with Fixed = rightLedger.Fixed }
        let barred = changed (fun channel -> { channel with Marks = { channel.Marks with PostFundBarred = true } }) hubGuaranteed through
        let best = after config payee [ voucherFrom left (voucher paid 7) ]
        let entries = SignState(state direct 2UL false (outcome coin ([ me, 50; right, 50 ] @ [ for other in 50UL .. 60UL -> address other, 0 ])))
        // These states are refused for something else as well: those rules only warn here.
        let warning =
            match Modes.tryCreate [ Tags.exitDestination.Name, Warn; Tags.guaranteesByProposal.Name, Warn ] with
            | Ok modes -> { config with Modes = modes }
            | Error error -> failwith error

        [ case kind Tags.channelKnown directOpen (SignState(signed unknown 0UL)) two
          case kind Tags.noDoubleSign directOpen (SignState(other (signed direct 1UL))) (SignState(signed direct 1UL))
          case kind Tags.turnIncreasing jumped (SignState(signed direct 3UL)) (SignState(signed direct 6UL))
          case kind Tags.turnGap directOpen (SignState(signed direct 3UL)) two
          case kind Tags.finalLocks final (SignState(signed direct 3UL)) (SignState(asFinal (signed direct 2UL)))
          case kind Tags.postFundBarred barred (SignState(opening through 1UL)) (SignState(opening through 0UL))
          case kind Tags.postFundAfterDeposit unfunded (SignState(opening direct 1UL)) (SignState(opening direct 0UL))
          case kind Tags.postFundAfterDeposit (after config unfunded [ ObserveDeposit(id direct, Map.ofList [ coin, amount 100 ], 19UL, 20UL) ]) (SignState(opening direct 1UL)) (SignState(opening direct 0UL)) |> later
          case kind Tags.runningAfterPostFund half two (SignState(opening direct 1UL))
          case kind Tags.outcomeConserved directOpen (lower 51 50) two
          case kind Tags.outcomeConserved pre (SignState(other (signed direct 0UL))) (SignState(signed direct 0UL))
          case kind Tags.finalOnApprovedClose directOpen (SignState(asFinal (signed direct 2UL))) two
          case kind Tags.guaranteesByProposal ledgers smuggled (SignState(signed rightLedger 2UL))
          case kind Tags.balanceNotLowered directOpen (lower 49 51) two
          case kind Tags.balanceNotLowered ledgers smuggled (SignState(signed rightLedger 2UL)) |> under warning
          case kind Tags.exitDestination directOpen strange two
          case kind Tags.intermediaryBalanced hubAgreed (SignState(opening through 1UL)) (SignState(opening through 0UL)) |> later
          case kind Tags.voucherRedeemBest best (SignState(PolicyWorld.final paid 14 6)) (SignState(PolicyWorld.final paid 13 7))
          case kind Tags.velocity approved (lower 41 59) (lower 42 58)
          unanchored kind directOpen two
          case kind Tags.counts (after config directOpen [ for turn in 3UL .. 14UL -> peerSigns right (signed direct turn) ]) two (SignState(opening direct 1UL)) |> later
          case kind Tags.counts directOpen entries two |> under { warning with Limits = { config.Limits with OutcomeEntries = 2 } } ]

    let proposals =
        let kind = "SignProposal"
        let adds = proposal rightLedger 2UL (add paying rightLedger)
        let ready = after config ledgers (agreed paying)
        let guarantee change = (match add paying rightLedger with Add(guarantee, deposit) -> Add(change guarantee, deposit) | Remove _ -> failwith "an addition")
        let another nonce = terms paymentApp nonce [ me; right ] 1 0
        let one (channel: ChannelTerms) = Add({ Target = id channel; Amount = amount 1; Left = Destination.ofAddress me; Right = Destination.ofAddress right }, amount 1)
        let many = [ for nonce in 20UL .. 22UL -> another nonce ]
        let roomy = { config with Limits = { config.Limits with Channels = 20; InFlight = 64 } }
        let filled = after roomy ready ([ for channel in many do yield! agreed channel ] @ [ for index, channel in List.indexed many -> proposal rightLedger (uint64 index + 2UL) (one channel) ])
        let poor = terms paymentApp 30UL [ me; right ] 60 0
        let poorer = after config ledgers (agreed poor)
        let final = after config payer [ SignVoucher(voucher paying 5); SignState(PolicyWorld.final paying 15 5); peerSigns right (PolicyWorld.final paying 15 5) ]
        let removes value = proposal rightLedger 3UL (Remove(id paying, amount value))
        let noPre = after config ledgers [ NewChannel paying ]
        let locked = { config with MaxLocked = Map.ofList [ coin, amount 19 ] }
        let half = after config SignerState.empty (agreed rightLedger @ agreed paying)
        let ledgerFinal = after { config with ClosesFreely = Set.ofList [ Ledger ] } ready [ SignState(ended rightLedger) ]
        let twoMine = terms ledgerApp 40UL [ me; right ] 50 50
        let twice = after config payer (opened twoMine)
        let crowd = { roomy with Limits = { roomy.Limits with InFlight = 1 } }

        [ case kind Tags.channelKnown ready (proposal unknown 2UL (add paying rightLedger)) adds
          case kind Tags.noDoubleSign payer (proposal rightLedger 2UL (Remove(id paying, amount 20))) adds
          case kind Tags.finalLocks ledgerFinal (proposal rightLedger 3UL (add paying rightLedger)) adds |> fun c -> { c with Allowed = SignState(ended rightLedger) }
          case kind Tags.ledgerOnly (after config directOpen (agreed paying)) (proposal direct 2UL (add paying rightLedger)) (SignState(opening paying 0UL))
          case kind Tags.runningAfterPostFund half (proposal rightLedger 1UL (add paying rightLedger)) (SignState(opening rightLedger 0UL))
          case kind Tags.turnNext ready (proposal rightLedger 3UL (add paying rightLedger)) adds |> later
          case kind Tags.turnNext (after crowd ready [ adds; NewChannel(another 20UL); SignState(opening (another 20UL) 0UL); peerSigns right (opening (another 20UL) 0UL) ]) (proposal rightLedger 3UL (one (another 20UL))) adds |> later |> under crowd
          case kind Tags.guaranteeTargetKnown ready (proposal rightLedger 2UL (guarantee (fun g -> { g with Right = Destination.ofAddress stranger }))) adds
          case kind Tags.guaranteeUnique twice (proposal twoMine 2UL (add paying twoMine)) adds
          case kind Tags.guaranteeCount filled (proposal rightLedger 5UL (add paying rightLedger)) (proposal rightLedger 2UL (one many[0])) |> under roomy
          case kind Tags.guaranteeAmount ready (proposal rightLedger 2UL (guarantee (fun g -> { g with Amount = amount 21 }))) adds
          case kind Tags.guaranteeMyDeposit hubAgreed (proposal leftLedger 2UL (match add through leftLedger with Add(g, _) -> Add(g, amount 19) | Remove _ -> failwith "an addition")) (proposal leftLedger 2UL (add through leftLedger))
          case kind Tags.guaranteeFunds poorer (proposal rightLedger 2UL (Add({ Target = id poor; Amount = amount 60; Left = Destination.ofAddress me; Right = Destination.ofAddress right }, amount 60))) (SignState(opening poor 0UL))
          case kind Tags.guaranteeAfterPreFund noPre adds (SignState(opening paying 0UL)) |> later
          case kind Tags.intermediaryBalanced hubAgreed (proposal rightLedger 2UL (add through rightLedger)) (proposal leftLedger 2UL (add through leftLedger)) |> under locked
          case kind Tags.guaranteePresent ready (proposal rightLedger 2UL (Remove(id paying, amount 20))) adds
          case kind Tags.removeAfterFinal payee (proposal leftLedger 3UL (Remove(id paid, amount 20))) (SignState(opening paid 1UL))
          case kind Tags.removeAmount final (removes 14) (removes 15)
          case kind Tags.counts (after config ready [ for turn in 3UL .. 14UL -> peerSigns right (signed rightLedger turn) ]) adds (SignState(opening paying 0UL)) |> later
          unanchored kind ready adds ]

    let vouchers =
        let kind = "SignVoucher"
        let pay total = SignVoucher(voucher paying total)
        let final = after config payer [ pay 2; SignState(PolicyWorld.final paying 18 2); peerSigns right (PolicyWorld.final paying 18 2) ]
        let barred = changed (fun channel -> { channel with Marks = { channel.Marks with PostFundBarred = true } }) payer paying
        let rich = changed (fun channel -> { channel with Allowances = [ { Asset = coin; Amount = amount 90; Expires = Int64.MaxValue } ] }) payer paying
        let full = { config with Limits = { config.Limits with Payees = 0 } }

        [ case kind Tags.channelKnown payer (SignVoucher(voucher unknown 1)) (pay 1)
          case kind Tags.finalLocks final (pay 3) (pay 2)
          case kind Tags.postFundBarred barred (pay 1) (SignState(opening paying 1UL))
          case kind Tags.voucherChannel (changed (fun channel -> { channel with Allowances = [] }) directOpen direct) (SignVoucher(voucher direct 1)) (held direct 99)
          case kind Tags.voucherPayerOnly hub (SignVoucher(voucher through 1)) (SignState(opening through 1UL))
          case kind Tags.voucherIncreasing (after config payer [ pay 3 ]) (pay 2) (pay 4)
          case kind Tags.voucherCap rich (pay 21) (pay 20) |> under unlimited
          case kind Tags.voucherApproved payer (pay 6) (pay 5)
          case kind Tags.velocity rich (pay 9) (pay 8)
          case kind Tags.payeeAllowlist payer (pay 1) (SignState(opening paying 1UL)) |> under payees
          unanchored kind payer (pay 1)
          case kind Tags.counts payer (pay 1) (SignState(opening paying 1UL)) |> later |> under full ]

    let received =
        let kind = "RecordVoucher"
        let shown total = voucherFrom left (voucher paid total)
        let barred = changed (fun channel -> { channel with Marks = { channel.Marks with PostFundBarred = true } }) payee paid
        let final = after config payee [ SignState(PolicyWorld.final paid 20 0) ]

        [ case kind Tags.channelKnown payee (voucherFrom left (voucher unknown 1)) (shown 1)
          case kind Tags.voucherSignature payee (voucherFrom stranger (voucher paid 1)) (shown 1)
          case kind Tags.postFundBarred barred (shown 1) (shown 0)
          case kind Tags.finalLocks final (shown 1) (shown 0) ]

    let challenges =
        let kind = "SignChallenge"

        [ case kind Tags.channelKnown directOpen (SignChallenge(signed unknown 0UL)) (SignChallenge(signed direct 1UL))
          case kind Tags.challengeLatestOnly directOpen (SignChallenge(signed direct 0UL)) (SignChallenge(signed direct 1UL))
          unanchored kind directOpen (SignChallenge(signed direct 1UL)) ]

    let transactions =
        let kind = "SignTransaction"
        let ready = after config SignerState.empty (agreed direct)
        let good = deposit 0UL direct 0 50
        let sends transaction = SignTransaction transaction
        let approves spender value = sends (transaction 0UL token 0 (ChainV1.approve spender (amount value)))
        let mirrored = terms directApp 60UL [ right; me ] 50 50
        let second = after config ready (agreed mirrored)
        let once = after config ready [ sends good ]

        [ case kind Tags.txChain ready (sends { good with ChainId = 1UL }) (sends good)
          case kind Tags.txNoCreate ready (sends { good with To = ValueNone }) (sends good)
          case kind Tags.txTarget ready (sends { good with To = ValueSome stranger }) (sends good)
          case kind Tags.txSelector ready (sends { good with Data = Array.append good.Data [| 0uy |]; Value = amount 0 }) (sends good)
          case kind Tags.txChannel ready (sends (deposit 0UL unknown 0 1)) (sends good)
          case kind Tags.txValue ready (sends { good with Value = amount 49 }) (sends good)
          case kind Tags.depositAfterPreFund (after config SignerState.empty [ NewChannel direct ]) (sends good) (approves adjudicator 1)
          case kind Tags.depositAmount ready (sends (deposit 0UL direct 0 51)) (sends good)
          case kind Tags.depositAmount once (sends (deposit 1UL direct 0 50)) (sends good)
          case kind Tags.depositAmount payer (sends (deposit 0UL paying 0 20)) (sends (deposit 0UL rightLedger 0 50))
          case kind Tags.depositOrder second (sends (deposit 0UL mirrored 49 50)) (sends (deposit 0UL mirrored 50 50))
          case kind Tags.txSpender ready (approves stranger 1) (approves adjudicator 1)
          case kind Tags.txCap ready (approves adjudicator 51) (approves adjudicator 50)
          case kind Tags.txFee ready (sends { good with MaxFeePerGas = amount 11 }) (sends { good with MaxFeePerGas = amount 10 })
          case kind Tags.txFee (after config ready [ for nonce in 10UL .. 17UL -> sends (transaction nonce token 0 (ChainV1.approve adjudicator (amount 1))) ]) (sends good) (sends (transaction 10UL token 0 (ChainV1.approve adjudicator (amount 1)))) |> later
          case kind Tags.txNonce once (approves adjudicator 1) (sends { good with MaxFeePerGas = amount 6 })
          unanchored kind ready (sends good) ]

    let closes =
        let kind = "CloseChannel"
        let over = after config SignerState.empty [ NewChannel direct ]

        [ case kind Tags.channelKnown over (CloseChannel(id unknown)) (CloseChannel(id direct))
          case kind Tags.closeFinished directOpen (CloseChannel(id direct)) (held direct 99)
          unanchored kind over (CloseChannel(id direct)) ]

    let records =
        let kind = "SignAddressRecord"
        let named = { config with Me = ValueOption.defaultValue stranger (NetworkIdentity.addressOf publicKey) }
        let record time = SignAddressRecord(publicKey, time)

        [ case kind Tags.recordOwn SignerState.empty (SignAddressRecord(Array.rev publicKey, start)) (record start) |> under named
          case kind Tags.recordTime SignerState.empty (record (start + 601L)) (record (start + 600L)) |> later |> under named ]

    let all =
        contracts @ newChannel @ approvals @ sightings @ witnesses @ states @ proposals @ vouchers @ received @ challenges @ transactions @ closes @ records
