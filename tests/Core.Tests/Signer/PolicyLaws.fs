/// What a host can reach that has everything but the keys and the owner's device: never more than the owner's limits.
module Nitro.Core.Tests.Signer.PolicyLaws

open Xunit
open FsCheck
open FsCheck.FSharp
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer.Policy
open Nitro.Wire
open Nitro.Core.Tests.Signer.PolicyWorld

let private everyone = [ leftLedger; rightLedger; paying; paid; through; direct ]
let private payments = [ paying; paid; through ]
let private onLedgers = [ leftLedger; rightLedger ]

/// Everything open and agreed, nothing guaranteed yet.
let private world = after config ledgers (opened direct @ List.collect agreed payments)

let private anyState: Gen<State> =
    gen {
        let! terms = Gen.elements everyone
        let! turn = Gen.frequency [ 4, Gen.choose (0, 3); 1, Gen.choose (0, 9) ]
        let! first = Gen.frequency [ 4, Gen.choose (40, 60); 2, Gen.choose (0, 21); 1, Gen.constant 100 ]
        let! isFinal = Gen.elements [ true; false; false ]
        let total = if List.contains terms payments then 20 else 100
        let! outcome = Gen.elements [ terms.Outcome; split terms first (max 0 (total - first)); split terms first 50 ]
        return state terms (uint64 turn) isFinal outcome
    }

let private anyChange ledger : Gen<Proposal> =
    gen {
        let! target = Gen.elements (payments @ [ terms paymentApp 99UL [ me; stranger ] 20 0 ])
        let! value = Gen.choose (0, 21)
        let! whole = Gen.elements [ 20; 20; 20; 21 ]
        let parties = (ledger: ChannelTerms).Fixed.Participants |> List.map Destination.ofAddress
        let! turned = Gen.elements [ false; false; true ]
        let ordered = if turned then List.rev parties else parties
        let guarantee = { Target = id target; Amount = amount whole; Left = List.head ordered; Right = List.last ordered }
        return! Gen.elements [ Add(guarantee, amount (min whole 20)); Add(guarantee, amount (min whole value)); Remove(id target, amount value); Remove(id target, amount 20) ]
    }

/// What the peers would sign of a ledger, too: the host plays with them.
let private anyTransaction: Gen<Transaction> =
    gen {
        let! nonce = Gen.choose (0, 5)
        let! value = Gen.elements [ 0; 10; 50; 101 ]
        let! terms = Gen.elements everyone
        let! target = Gen.elements [ adjudicator; adjudicator; token; stranger ]
        let! chain = Gen.elements [ chainId; chainId; chainId; 1UL ]
        let! fee = Gen.choose (1, 11)
        let! spender = Gen.elements [ adjudicator; stranger ]

        let! data =
            Gen.elements
                [ ChainV1.deposit coin (id terms) (amount 0) (amount value)
                  ChainV1.approve spender (amount value)
                  ChainV1.transferAllAssets (id terms) terms.Outcome Bytes32.zero
                  [| 1uy; 2uy |] ]

        return { transaction (uint64 nonce) target value data with ChainId = chain; MaxFeePerGas = amount fee; MaxPriorityFeePerGas = amount 1 }
    }

let private signer = Gen.elements [ left; right; left; right; stranger ]

/// What the owner's device approved in all: the host may show it late, twice, or never. One is of a stranger's device.
let private approvals =
    let forged =
        match spend 9UL direct 50 with
        | ApproveRequest(approval, credential) -> ApproveRequest(approval, { credential with Key = [| 6uy |] })
        | other -> other

    [ spend 1UL direct 2; spend 2UL paying 3; spend 2UL direct 4; approval 3UL start (Close(id direct)); forged ]

/// The host shows one of the two that share a nonce.
let private approvedInAll = 6

let private request: Gen<SignerRequest> =
    Gen.frequency
        [ 6, Gen.map SignState anyState
          6, Gen.map2 peerSigns signer anyState
          6, gen { let! ledger = Gen.elements onLedgers in let! turn = Gen.choose (2, 5) in let! change = anyChange ledger in return proposal ledger (uint64 turn) change }
          5, gen { let! terms = Gen.elements (direct :: payments) in let! total = Gen.choose (0, 21) in return SignVoucher(voucher terms total) }
          2, gen { let! by = signer in let! total = Gen.choose (0, 21) in return voucherFrom by (voucher paid total) }
          2, Gen.map SignChallenge anyState
          4, Gen.map SignTransaction anyTransaction
          3, Gen.elements approvals
          2, gen { let! terms = Gen.elements everyone in let! value = Gen.choose (0, 100) in return held terms value }
          1, Gen.elements [ CloseChannel(id direct); CloseChannel(id paying); Heartbeat; NewChannel paying; NewChannel(terms ledgerApp 50UL [ stranger; me ] 0 60) ] ]

/// Requests with the time that passes between them: less than a day in all, so that no window opens anew.
let private history = Gen.listOfLength 120 (Gen.zip request (Gen.choose (0, 300)))

/// A guided start, so that most histories get past the openings.
let private prelude =
    Gen.elements
        [ []
          guaranteed paying rightLedger right @ running paying
          guaranteed paid leftLedger left @ running paid
          guaranteed through leftLedger left @ guaranteed through rightLedger right @ running through ]

let private worth (state: SignerState) = PolicyWorth.total me state

let private runBy book config requests =
    let step (state, now) (request, passed: int) =
        let now = now + int64 passed
        let envelope = at now request
        let decision, next = Decide.by book powers config state envelope
        (state, envelope, decision, next), (next, now)

    List.mapFold step (world, start) requests |> fst

let private run requests = runBy Rulebook.standard config requests
let private guided = Gen.map2 (fun start rest -> List.map (fun request -> request, 0) start @ rest) prelude history
let private checks count property = Check.One(Config.QuickThrowOnFailure.WithMaxTest count, Prop.forAll (Arb.fromGen guided) property)

/// Slot and hash of each state that was signed; a proposal's is known by its content.
let private slot request =
    match request with
    | SignState wanted -> Some(FixedPart.channelId wanted.Fixed, wanted.Variable.Turn)
    | SignProposal(ledger, turn, _) -> Some(ledger, turn)
    | UseContracts _
    | NewChannel _
    | ApproveRequest _
    | ObserveDeposit _
    | RecordPeerSignature _
    | SignVoucher _
    | RecordVoucher _
    | SignChallenge _
    | SignTransaction _
    | CloseChannel _
    | SignTransportKey _
    | SignAddressRecord _
    | Heartbeat -> None

let private lossBy book config requests =
    let _, _, _, last = List.last (runBy book config requests)
    worth world - worth last

let private slow = config
/// The limiter stands behind the other rules; without it they must hold alone.
let private fast = { config with Velocity = Map.empty }
let private limit (config: SignerConfig) = if config.Velocity.IsEmpty then approvedInAll + 2 * 5 else 8

[<Fact>]
let ``No history of requests costs the owner more than its limits`` () =
    let after config requests =
        let steps = runBy Rulebook.standard config requests
        let _, _, _, last = List.last steps
        steps, worth world - worth last

    for config in [ slow; fast ] do
        checks 200 (fun requests -> snd (after config requests) <= bigint (limit config))

        // Or the histories would not get anywhere.
        let samples = Gen.sampleWithSeed (Rnd 7UL) 50 100 guided |> Seq.map (after config) |> Seq.toList

        let allowed =
            samples
            |> List.sumBy (fun (steps, _) ->
                steps |> List.filter (fun (_, _, decision, _) -> match decision with Allow(ValueSome _, false, _) -> true | _ -> false) |> List.length)

        let lost = samples |> List.map snd |> List.max
        Assert.True((allowed > 400 && lost >= 5I), $"{allowed} signatures, at most {lost} lost")

[<Theory>]
[<InlineData("SignState", "balance-not-lowered")>]
[<InlineData("SignVoucher", "voucher-approved")>]
let ``Without the rule the same histories do cost more`` kind name =
    let tag = Tags.all |> List.find (fun tag -> tag.Name = name)
    let book = Rulebook.without kind tag Rulebook.standard
    let histories = Gen.sampleWithSeed (Rnd 7UL) 50 400 guided
    Assert.Contains(histories, fun requests -> lossBy book fast requests > bigint (limit fast))

[<Fact>]
let ``What the chain account signs stays on its chain, at its contracts, and within its caps`` () =
    checks 200 (fun requests ->
        let signed =
            run requests
            |> List.choose (fun (_, envelope, decision, _) ->
                match envelope.Request, decision with
                | SignTransaction transaction, Allow _ -> Some transaction
                | _ -> None)

        let byNonce = signed |> List.distinct |> List.groupBy _.Nonce
        let cost = signed |> List.distinct |> List.sumBy (fun tx -> bigint tx.GasLimit * tx.MaxFeePerGas.Value)

        (signed |> List.forall (fun tx -> tx.ChainId = chainId && (tx.To = ValueSome adjudicator || tx.To = ValueSome token)))
        && byNonce |> List.forall (fun (_, txs) -> (txs |> List.distinctBy (fun tx -> tx.To, tx.Value.Value, tx.Data)).Length = 1)
        && (byNonce |> List.sumBy (fun (_, txs) -> txs.Head.Value.Value)) <= 50I * 3I
        && cost <= 20_000I)

[<Fact>]
let ``One turn is signed once`` () =
    checks 200 (fun requests ->
        run requests
        |> List.choose (fun (_, envelope, decision, _) ->
            match slot envelope.Request, decision with
            | Some slot, Allow(ValueSome digest, _, _) -> Some(slot, digest)
            | _ -> None)
        |> List.distinct
        |> List.groupBy fst
        |> List.forall (fun (_, digests) -> digests.Length = 1))

[<Fact>]
let ``The decision is deterministic and idempotent, and a refusal changes nothing`` () =
    checks 100 (fun requests ->
        run requests
        |> List.forall (fun (before, envelope, decision, next) ->
            let again = Decide.decide powers config before envelope = (decision, next)

            match decision with
            | Allow(digest, _, _) ->
                match Decide.decide powers config next envelope with
                | Allow(same, _, _), after -> again && same = digest && after = next
                | (Deny _ | Retry _), _ -> false
            | Deny _
            | Retry _ -> again && next = before))

[<Fact>]
let ``Memory is bounded`` () =
    checks 100 (fun requests ->
        let _, _, _, last = List.last (run requests)
        let limits = config.Limits

        last.ChannelCount = last.Channels.Count
        && last.ChannelCount <= limits.Channels
        && last.Channels |> Map.forall (fun _ channel -> channel.IdleSince.IsSome = Memory.mayGo channel)
        && last.Idle = Set.ofSeq (seq { for KeyValue(id, channel) in last.Channels do match channel.IdleSince with ValueSome since -> struct (since, id) | ValueNone -> () })
        && last.Retired.Size <= limits.Retired + limits.Channels
        && last.Approvals.Count <= limits.Approvals
        && last.Budgets.Count <= limits.Payees
        && last.Nonces.Count <= 256
        && last.Warned.IsEmpty
        && last.Channels
           |> Map.forall (fun _ channel ->
               channel.Pending.Length <= 2 * limits.InFlight + 4
               && channel.Allowances.Length <= limits.Approvals
               && channel.Shares.Count <= limits.Guarantees
               && channel.Marks.Signed.Count <= 256))
