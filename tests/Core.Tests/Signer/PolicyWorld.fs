namespace Nitro.Core.Tests.Signer

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer.Policy
open Nitro.Wire

/// People, channels and requests for tests of the policy. The curve is a toy: a signature names its signer and its digest.
module internal PolicyWorld =
    let address (number: uint64) : Address = { High = 1UL; Middle = number; Low = 7u }
    let me = address 1UL
    let left = address 2UL
    let right = address 3UL
    let stranger = address 9UL
    let adjudicator = address 100UL
    let token = address 101UL
    let ledgerApp = address 102UL
    let paymentApp = address 103UL
    let directApp = address 104UL
    let coin = Address.zero
    let chainId = 1337UL
    let device = Array.append [| 4uy |] (Array.create 64 7uy)
    let start = 1_700_000_000L
    /// Of a channel key: x and y.
    let publicKey = Array.init 64 byte
    let amount (value: int) = Amount.ofUInt64 (uint64 value)

    let signedBy (signer: Address) (digest: Bytes32) : Signature = { R = digest; S = Destination.ofAddress signer; V = 27uy }

    let powers: Powers =
        { Recover =
            Recover(fun digest signature -> if signature.R = digest then Destination.tryAddress signature.S else ValueNone)
          Attests = fun credential message -> credential.Signature = (Keccak.hash message).ToArray() }

    let apps = Map.ofList [ ledgerApp, Ledger; paymentApp, Payment; directApp, Direct ]

    /// Small limits, so that tests reach them.
    let config: SignerConfig =
        { Presets.payingAgent chainId adjudicator me apps coin (amount 5) (amount 8) (amount 100) with
            Tokens = Map.ofList [ token, amount 50 ]
            Confirmations = 3UL
            MaxLocked = Map.ofList [ coin, amount 30 ]
            Approvers = Set.ofList [ Hex.ofBytes (ReadOnlySpan device) ]
            ClosesFreely = Set.ofList [ Payment ]
            Fees =
                { GasLimit = 1_000UL
                  MaxFeePerGas = amount 10
                  MaxPriorityFeePerGas = amount 2
                  Window = { Limit = amount 20_000; Seconds = 3_600L; Buckets = 24 } }
            Limits =
                { Channels = 8
                  Retired = 2
                  Approvals = 3
                  OutcomeEntries = 8
                  Guarantees = 3
                  InFlight = 4
                  Payees = 2 } }

    let private line party value : Allocation =
        { Destination = Destination.ofAddress party
          Amount = amount value
          Type = AllocationType.simple
          Metadata = [||] }

    let outcome asset (lines: (Address * int) list) : Outcome =
        [ { Asset = asset
            MetadataType = 0uy
            Metadata = [||]
            Allocations = [ for party, value in lines -> line party value ] } ]

    let terms app nonce (parties: Address list) (first: int) (last: int) : ChannelTerms =
        { Fixed =
            { Participants = parties
              Nonce = nonce
              App = app
              ChallengeDuration = 86_400u }
          Outcome = outcome coin [ List.head parties, first; List.last parties, last ]
          AppData = [||]
          Dialect = Nitro }

    let id (terms: ChannelTerms) = FixedPart.channelId terms.Fixed

    let state (terms: ChannelTerms) turn isFinal outcome : State =
        { Fixed = terms.Fixed
          Variable =
            { Outcome = outcome
              AppData = [||]
              Turn = turn
              IsFinal = isFinal } }

    let opening terms turn = state terms turn false terms.Outcome
    let split (terms: ChannelTerms) first last = outcome coin [ List.head terms.Fixed.Participants, first; List.last terms.Fixed.Participants, last ]
    let hash (state: State) = State.hash (FixedPart.channelId state.Fixed) state.Variable
    let peerSigns party (state: State) = RecordPeerSignature(state, signedBy party (Digest.personal (hash state)))
    let voucherFrom party voucher = RecordVoucher(voucher, signedBy party (Digest.personal (Voucher.hash voucher)))
    let voucher terms total : Voucher = { Channel = id terms; Total = amount total }

    let approval nonce issuedAt grant =
        let approval = { Grant = grant; Nonce = Bytes32.ofUInt64 nonce; IssuedAt = issuedAt }
        ApproveRequest(approval, { Key = device; Signature = (Keccak.hash (Approval.encode me approval)).ToArray() })

    let spend nonce terms value = approval nonce start (Spend(id terms, coin, amount value, start + 1_000L))
    let held terms value = ObserveDeposit(id terms, Funds.set coin (amount value) Funds.empty, 10UL, 20UL)

    let transaction nonce target value data : Transaction =
        { ChainId = chainId
          Nonce = nonce
          MaxPriorityFeePerGas = amount 1
          MaxFeePerGas = amount 5
          GasLimit = 500UL
          To = ValueSome target
          Value = amount value
          Data = data }

    let deposit nonce terms expectedHeld value =
        transaction nonce adjudicator value (ChainV1.deposit coin (id terms) (amount expectedHeld) (amount value))

    /// The ledger with the left neighbour (we follow) and the one with the right neighbour (we lead).
    let leftLedger = terms ledgerApp 1UL [ left; me ] 50 50
    let rightLedger = terms ledgerApp 2UL [ me; right ] 50 50
    /// Payment channels: ours to the right, to us from the left, and through us.
    let paying = terms paymentApp 3UL [ me; right ] 20 0
    let paid = terms paymentApp 4UL [ left; me ] 20 0
    let through = terms paymentApp 5UL [ left; me; right ] 20 0
    let direct = terms directApp 6UL [ me; right ] 50 50

    let add (terms: ChannelTerms) ledger =
        let guarantee =
            { Target = id terms
              Amount = amount 20
              Left = Destination.ofAddress (List.head (ledger: ChannelTerms).Fixed.Participants)
              Right = Destination.ofAddress (List.last ledger.Fixed.Participants) }

        Add(guarantee, amount 20)

    let proposal ledger turn change = SignProposal(id ledger, turn, change)
    let at now request : SignerEnvelope = { Now = now; Anchor = ValueNone; Request = request }
    let ask config state request = Decide.decide powers config state (at start request)

    /// The state after requests that must all be allowed.
    let after config state (requests: SignerRequest list) =
        let step (state: SignerState) request =
            match ask config state request with
            | Allow _, next -> next
            | (Deny tag | Retry tag), _ -> failwith $"refused with {tag}: {request}"

        List.fold step state requests

    let others (terms: ChannelTerms) = terms.Fixed.Participants |> List.filter (fun party -> party <> me)
    let everybody state terms = [ for party in others terms -> peerSigns party state ]

    /// Agreed, funded and running.
    let opened (terms: ChannelTerms) =
        [ NewChannel terms; SignState(opening terms 0UL) ]
        @ everybody (opening terms 0UL) terms
        @ [ held terms 100; SignState(opening terms 1UL) ]
        @ everybody (opening terms 1UL) terms

    let agreed (terms: ChannelTerms) =
        [ NewChannel terms; SignState(opening terms 0UL) ] @ everybody (opening terms 0UL) terms

    /// The ledger's state after its opening and these changes.
    let ledgerAfter (ledger: ChannelTerms) (changes: Proposal list) : State =
        let apply before change = before |> Result.bind (Ledger.apply change)

        match Ledger.tryOpening ledger.Outcome |> ValueOption.map (fun before -> List.fold apply (Ok before) changes) with
        | ValueSome(Ok next) -> { Fixed = ledger.Fixed; Variable = Ledger.toVariable Nitro (Turn.postFund + uint64 changes.Length) false next }
        | _ -> failwith "the sample does not fit"

    let guaranteed (terms: ChannelTerms) (ledger: ChannelTerms) peer =
        [ proposal ledger 2UL (add terms ledger); peerSigns peer (ledgerAfter ledger [ add terms ledger ]) ]

    let private removal (terms: ChannelTerms) leftAmount = Remove(id terms, amount leftAmount)
    /// The removal of what `guaranteed` put in, and the other side's signature under it.
    let removed (terms: ChannelTerms) (ledger: ChannelTerms) leftAmount = proposal ledger 3UL (removal terms leftAmount)
    let countersigned (terms: ChannelTerms) (ledger: ChannelTerms) leftAmount peer =
        peerSigns peer (ledgerAfter ledger [ add terms ledger; removal terms leftAmount ])

    let running terms =
        [ SignState(opening terms 1UL) ] @ everybody (opening terms 1UL) terms

    let ledgers = after config SignerState.empty (opened leftLedger @ opened rightLedger)
    /// We pay to the right.
    let payer = after config ledgers (agreed paying @ guaranteed paying rightLedger right @ running paying)
    /// We are paid from the left.
    let payee = after config ledgers (agreed paid @ guaranteed paid leftLedger left @ running paid)
    /// We stand between.
    let hubAgreed = after config ledgers (agreed through)
    let hubGuaranteed = after config hubAgreed (guaranteed through leftLedger left @ guaranteed through rightLedger right)
    let hub = after config hubGuaranteed (running through)
    let directOpen = after config SignerState.empty (opened direct)
    let final terms first last = state terms 2UL true (split terms first last)
    let allSignFinal terms first last = SignState(final terms first last) :: everybody (final terms first last) terms
