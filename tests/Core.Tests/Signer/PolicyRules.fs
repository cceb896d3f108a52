/// Every rule stops what it is for and lets its neighbour pass; and no rule can be left out unseen.
module Nitro.Core.Tests.Signer.PolicyRules

open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer.Policy
open Nitro.Wire
open Nitro.Core.Tests.Signer.PolicyWorld

let private judge book (case: PolicyCase) anchor request =
    Decide.by book powers case.Config case.State { Now = case.Now; Anchor = anchor; Request = request }

let private refused book case = fst (judge book case case.Anchor case.Refused)

let private allowed book (case: PolicyCase) =
    fst (judge book case (if case.Anchor.IsSome then ValueSome case.State.Root else ValueNone) case.Allowed)

let private isAllowed decision =
    match decision with
    | Allow _ -> true
    | Deny _
    | Retry _ -> false

[<Fact>]
let ``Each rule refuses with its own tag, and changes nothing`` () =
    for case in PolicyCases.all do
        let tag = snd case.Rule
        let decision, after = judge Rulebook.standard case case.Anchor case.Refused
        Assert.Equal((case.Rule, (if case.Later then Retry tag else Deny tag)), (case.Rule, decision))
        Assert.Equal(case.State, after)

[<Fact>]
let ``Each rule lets its neighbour pass`` () =
    for case in PolicyCases.all do
        let decision = allowed Rulebook.standard case
        Assert.True(isAllowed decision, $"{case.Rule}: {decision}")

/// What was signed, recorded or approved before.
let private repeats =
    [ "NewChannel", directOpen, NewChannel direct
      "ApproveRequest", after config directOpen [ spend 1UL direct 1 ], spend 1UL direct 1
      "ObserveDeposit", directOpen, held direct 100
      "RecordPeerSignature", directOpen, peerSigns right (opening direct 1UL)
      "SignState", directOpen, SignState(opening direct 1UL)
      "SignProposal", payer, proposal rightLedger 2UL (add paying rightLedger)
      "SignVoucher", after config payer [ SignVoucher(voucher paying 3) ], SignVoucher(voucher paying 3)
      "RecordVoucher", after config payee [ voucherFrom left (voucher paid 3) ], voucherFrom left (voucher paid 3)
      "SignTransaction", after config directOpen [ SignTransaction(deposit 0UL direct 0 50) ], SignTransaction(deposit 0UL direct 0 50)
      "CloseChannel", after config SignerState.empty [ NewChannel direct; CloseChannel(id direct) ], CloseChannel(id direct) ]

let private repeat book state request = Decide.by book powers config state (at start request)

[<Fact>]
let ``The same content again gets the same answer, and changes nothing`` () =
    for kind, state, request in repeats do
        match repeat Rulebook.standard state request with
        | Allow(_, true, []), after -> Assert.Equal(state, after)
        | decision, _ -> failwith $"{kind}: {decision}"

/// A rule, and whether some case shows that it is gone.
let private isMissed (kind, tag: Tag) =
    let book = Rulebook.without kind tag Rulebook.standard

    let byCase (case: PolicyCase) =
        case.Rule = (kind, tag.Name) && refused book case <> refused Rulebook.standard case

    let byRepeat (name, state, request) =
        name = kind && repeat book state request <> repeat Rulebook.standard state request

    List.exists byCase PolicyCases.all || List.exists byRepeat repeats

let private rules = [ for kind, tags in Rulebook.table Rulebook.standard do for tag in tags -> kind, tag ]

[<Fact>]
let ``No rule can be left out without a case that shows it`` () =
    Assert.NotEmpty rules
    let unseen = rules |> List.filter (isMissed >> not) |> List.map (fun (kind, tag) -> $"{kind}: {tag.Name}")
    Assert.Equal<string list>([], unseen)

/// Beyond another tag: dropping the rule lets the request through. Not so where a second rule stands behind it.
[<Fact>]
let ``Most rules are the only one that stops their case`` () =
    let alone =
        PolicyCases.all
        |> List.filter (fun case ->
            let tag = Tags.all |> List.find (fun tag -> tag.Name = snd case.Rule)
            isAllowed (refused (Rulebook.without (fst case.Rule) tag Rulebook.standard) case))

    Assert.True(2 * alone.Length > PolicyCases.all.Length, $"{alone.Length} of {PolicyCases.all.Length}")

[<Fact>]
let ``Every tag is a rule somewhere, and is listed once`` () =
    let used = rules |> List.map (fun (_, tag) -> tag.Name) |> Set.ofList
    Assert.Equal<Set<string>>(Tags.all |> List.map _.Name |> Set.ofList, used)
    Assert.Equal(Tags.all.Length, used.Count)

[<Fact>]
let ``What must never be weakened cannot be`` () =
    for tag in Tags.all do
        let warn = Modes.tryCreate [ tag.Name, Warn ]
        let off = Modes.tryCreate [ tag.Name, Off ]

        match tag.Strength with
        | Firm -> Assert.True(warn.IsError && off.IsError)
        | Lenient -> Assert.True(warn.IsOk && off.IsError)
        | Optional -> Assert.True(warn.IsOk && off.IsOk)

    Assert.True((Modes.tryCreate [ "no-such-rule", Warn ]).IsError)

[<Fact>]
let ``A rule that warns lets pass, names itself and is counted`` () =
    let warning =
        match Modes.tryCreate [ Tags.voucherApproved.Name, Warn ] with
        | Ok modes -> { config with Modes = modes }
        | Error error -> failwith error

    match ask warning payer (SignVoucher(voucher paying 6)) with
    | Allow(_, false, [ "voucher-approved" ]), after -> Assert.Equal(Some 1UL, after.Warned.TryFind "voucher-approved")
    | decision, _ -> failwith $"{decision}"

[<Fact>]
let ``The end of a half-open payment channel takes its guarantee back, an intermediary before its post-fund`` () =
    let payerHalf = after config ledgers (agreed paying @ guaranteed paying rightLedger right @ [ SignState(opening paying 1UL) ])
    let back = proposal rightLedger 3UL (Remove(id paying, amount 20))

    match ask config payerHalf back with
    | Allow _, after ->
        Assert.Equal(Deny "postfund-barred", fst (ask config after (SignVoucher(voucher paying 1))))
        // The end itself may still be signed, for whoever needs it; it takes nothing.
        let learnt = PolicyWorld.after config after [ peerSigns right (opening paying 1UL) ]
        Assert.True(isAllowed (fst (ask config learnt (SignState(PolicyWorld.final paying 20 0)))))
        Assert.Equal(Deny "balance-not-lowered", fst (ask config learnt (SignState(PolicyWorld.final paying 19 1))))
    | decision, _ -> failwith $"{decision}"

    let hubBack = proposal leftLedger 3UL (Remove(id through, amount 20))

    match ask config hubGuaranteed hubBack with
    | Allow _, after ->
        Assert.Equal(Deny "postfund-barred", fst (ask config after (SignState(opening through 1UL))))
        // In the middle only an end that pays nobody: the other guarantee may stand.
        Assert.Equal(Deny "turn-gap", fst (ask config after (SignState(PolicyWorld.final through 15 5))))
        Assert.True(isAllowed (fst (ask config after (SignState(PolicyWorld.final through 20 0)))))
    | decision, _ -> failwith $"{decision}"

[<Fact>]
let ``Bound by its post-fund, an intermediary gives back what it put in first, and what came in when that is agreed`` () =
    let cover = proposal leftLedger 3UL (Remove(id through, amount 20))
    let own = proposal rightLedger 3UL (Remove(id through, amount 20))

    for bound in [ after config hubGuaranteed [ SignState(opening through 1UL) ]; hub ] do
        let asked state request = fst (ask config state request)
        Assert.Equal(Retry "remove-after-final", asked bound cover)
        // Not before the other side has signed that it has no claim any more: it may never do so.
        let proposed = after config bound [ own ]
        Assert.Equal(Retry "remove-after-final", asked proposed cover)
        // Added and taken out again, the ledger stands as it was opened.
        let agreed = after config proposed [ peerSigns right (opening rightLedger 3UL) ]
        Assert.True(isAllowed (asked agreed cover))
        // Once more it would stand there without anything that covers it.
        Assert.Equal(Deny "guarantee-target-known", asked agreed (proposal rightLedger 4UL (add through rightLedger)))
        let free = after config agreed [ cover ]
        Assert.Equal(Deny "guarantee-target-known", asked free (proposal rightLedger 4UL (add through rightLedger)))

[<Fact>]
let ``A final state in the middle pays only once both guarantees are bound by our post-fund`` () =
    let paid = SignState(PolicyWorld.final through 15 5)
    Assert.Equal(Deny "turn-gap", fst (ask config hubGuaranteed paid))
    let signed = after config hubGuaranteed [ SignState(opening through 1UL) ]
    Assert.True(isAllowed (fst (ask config signed paid)))

[<Fact>]
let ``A guarantee is added again only to a channel in which nothing was paid`` () =
    let over first last =
        after config hub (allSignFinal through first last @ [ proposal rightLedger 3UL (Remove(id through, amount first)); peerSigns right (opening rightLedger 1UL) ])

    let again = proposal rightLedger 4UL (add through rightLedger)
    Assert.Equal(Deny "guarantee-target-known", fst (ask config (over 15 5) again))
    Assert.True(isAllowed (fst (ask config (over 20 0) again)))

[<Fact>]
let ``An addition without every pre-fund is countersigned for the sake of a removal that the leader has signed`` () =
    let half = after config ledgers [ NewChannel paid; SignState(opening paid 0UL) ]
    let adds = proposal leftLedger 2UL (add paid leftLedger)
    Assert.Equal(Retry "guarantee-after-prefund", fst (ask config half adds))
    let without = { opening leftLedger 3UL with Variable = { (opening leftLedger 3UL).Variable with Turn = 3UL } }
    let ledOut = after config half [ peerSigns left without ]
    Assert.True(isAllowed (fst (ask config ledOut adds)))

[<Fact>]
let ``What is wanted is signed again whatever became of the evidence, and else the first item not allowed explains`` () =
    let hear memory items =
        let struct (verdict, _) = Hearing.hear powers config start ValueNone memory items
        verdict

    let other = UseContracts { ChainId = 1UL; Adjudicator = stranger; ConsensusApp = ledgerApp; VirtualPaymentApp = paymentApp }
    let wanted = SignState(opening direct 1UL)

    match hear directOpen [ other; wanted ] with
    | Verdict.Approve _ -> ()
    | verdict -> failwith $"{verdict}"

    Assert.Equal(Verdict.Refuse "contracts-pinned", hear SignerState.empty [ other; wanted ])
    Assert.Equal(Verdict.Refuse "channel-known", hear SignerState.empty [ wanted ])
    Assert.Equal(Verdict.Noted, hear directOpen [ held direct 99 ])
    Assert.Equal(Verdict.Refuse "malformed-request", hear directOpen [ wanted; held direct 99 ])

/// A process that died before it had stored its transaction, a chain that dropped one: the same is asked for at another price.
[<Fact>]
let ``A deposit that did not count is signed once more where the owner is there, and never beyond our share`` () =
    let freely = { Presets.attended chainId adjudicator me apps with Confirmations = 3UL }
    let once = after freely SignerState.empty (agreed direct @ [ held direct 0; SignTransaction(deposit 0UL direct 0 50) ])
    let asked request = fst (ask freely once (SignTransaction request))
    let cheaper = { deposit 0UL direct 0 50 with MaxFeePerGas = amount 4; GasLimit = 400UL }
    Assert.True(isAllowed (asked cheaper))
    Assert.True(isAllowed (fst (ask config (after config SignerState.empty (agreed direct @ [ SignTransaction(deposit 0UL direct 0 50) ])) (SignTransaction cheaper))))
    Assert.True(isAllowed (asked (deposit 1UL direct 0 50)))
    Assert.Equal(Deny "deposit-amount", asked (deposit 1UL direct 0 51))
    Assert.Equal(Deny "deposit-amount", fst (ask freely (after freely once [ ObserveDeposit(id direct, Map.ofList [ coin, amount 50 ], 21UL, 22UL) ]) (SignTransaction(deposit 1UL direct 0 50))))

/// The owner is there: nothing is bounded but what others could take.
[<Fact>]
let ``The open preset lets the node spend, and bars theft and signing twice all the same`` () =
    let freely = { Presets.attended chainId adjudicator me apps with Confirmations = 3UL }
    let running = after freely SignerState.empty (opened rightLedger @ agreed paying @ guaranteed paying rightLedger right @ running paying)
    Assert.True(isAllowed (fst (ask freely running (SignVoucher(voucher paying 20)))))
    Assert.Equal(Deny "voucher-cap", fst (ask freely running (SignVoucher(voucher paying 21))))
    let tokens = { rightLedger with Outcome = outcome token [ me, 50; right, 50 ] }
    let approves spender = SignTransaction(transaction 0UL token 0 (ChainV1.approve spender (amount 50)))
    Assert.Equal(Deny "tx-target", fst (ask freely SignerState.empty (approves adjudicator)))
    let known = after freely SignerState.empty [ NewChannel tokens ]
    Assert.True(isAllowed (fst (ask freely known (approves adjudicator))))
    Assert.Equal(Deny "tx-spender", fst (ask freely known (approves stranger)))
    Assert.Equal(Deny "no-double-sign", fst (ask freely running (SignState(state rightLedger 1UL false (split rightLedger 50 50) |> fun s -> { s with Variable = { s.Variable with AppData = [| 1uy |] } }))))
    Assert.Equal(Deny "balance-not-lowered", fst (ask freely running (SignState(PolicyWorld.final paying 15 5))))

[<Fact>]
let ``Our own signature that we do not remember leaves only reading and learning`` () =
    let shown = after config directOpen [ peerSigns me (state direct 2UL false direct.Outcome) ]
    Assert.True shown.Suspect
    Assert.Equal(Deny "state-anchored", fst (ask config shown (SignState(state direct 2UL false direct.Outcome))))
    Assert.True(isAllowed (fst (ask config shown Heartbeat)))
    Assert.True(isAllowed (fst (ask config shown (peerSigns right (state direct 2UL false direct.Outcome)))))

[<Fact>]
let ``A clock that goes back frees no budget and no approval`` () =
    let spent = after config payer [ SignVoucher(voucher paying 5) ]
    let at now request = fst (Decide.decide powers config spent (at now request))
    Assert.Equal(Deny "voucher-approved", at (start - 86_400L) (SignVoucher(voucher paying 6)))
    Assert.True(isAllowed (at (start + 90_000L) (SignVoucher(voucher paying 6))))

[<Fact>]
let ``A deposit that somebody else's wei made fail is signed once more, on top of what is held`` () =
    let ready = after config SignerState.empty (agreed direct)
    let failed = after config ready [ SignTransaction(deposit 0UL direct 0 50) ]
    let again = SignTransaction(deposit 1UL direct 1 49)
    Assert.Equal(Deny "deposit-amount", fst (ask config failed again))
    Assert.True(isAllowed (fst (ask config (after config failed [ held direct 1 ]) again)))

[<Fact>]
let ``A hub nobody watches pays nobody, and forwards`` () =
    let hubConfig =
        { Presets.unattendedHub chainId adjudicator me apps (amount 100) (Map.ofList [ coin, amount 30 ]) with Confirmations = 1UL }

    let running = after hubConfig SignerState.empty (opened leftLedger @ opened rightLedger @ agreed through @ guaranteed through leftLedger left @ guaranteed through rightLedger right @ running through)
    let ended = after hubConfig running (allSignFinal through 13 7)

    let closed =
        after hubConfig ended [ proposal leftLedger 3UL (Remove(id through, amount 13)); proposal rightLedger 3UL (Remove(id through, amount 13)) ]

    let own terms = match closed.Channels[id terms].Last with ValueSome last -> Outcome.allocatedTo (Destination.ofAddress me) last.Outcome | ValueNone -> ValueNone
    Assert.Equal(ValueSome(Map.ofList [ coin, amount 57 ]), own leftLedger)
    Assert.Equal(ValueSome(Map.ofList [ coin, amount 43 ]), own rightLedger)
    let paying' = after hubConfig ledgers (agreed paying @ guaranteed paying rightLedger right)
    Assert.Equal(Deny "voucher-approved", fst (ask hubConfig paying' (SignVoucher(voucher paying 1))))

[<Fact>]
let ``An agent pays so much to each payee and so much in all`` () =
    let other = terms paymentApp 70UL [ me; left ] 20 0
    let ready = after config payer (agreed other)
    let paidRight = after config ready [ SignVoucher(voucher paying 5) ]
    Assert.Equal(Deny "voucher-approved", fst (ask config paidRight (SignVoucher(voucher paying 6))))
    let paidLeft = after config paidRight [ SignVoucher(voucher other 3) ]
    Assert.Equal(Retry "velocity", fst (ask config paidLeft (SignVoucher(voucher other 4))))

[<Fact>]
let ``A channel stays open when its post-fund's hash has been forgotten`` () =
    let turns = [ for turn in 2UL .. 300UL do let next = state direct turn false direct.Outcome in yield! [ SignState next; peerSigns right next ] ]
    let old = after config directOpen turns
    Assert.False(old.Channels[id direct].Marks.Signed.ContainsKey 1UL)
    Assert.True(isAllowed (fst (ask config old (SignState(state direct 301UL false direct.Outcome)))))
