/// A signer's memory over the years: what is over makes room, and counts never again.
module Nitro.Core.Tests.Signer.Retirement

open System
open System.IO
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer
open Nitro.Signer.Policy
open Nitro.Signing
open Nitro.Core.Tests.Signer.PolicyWorld

let private roomy = { config with Limits = { config.Limits with Retired = 1_000 } }
let private removed' = removed paying rightLedger 16
let private leaving = after roomy payer (SignVoucher(voucher paying 4) :: allSignFinal paying 16 4 @ [ removed' ])
let private over = after roomy leaving [ countersigned paying rightLedger 16 right ]

let private tagOf config state now request =
    match Decide.decide powers config state (at now request) with
    | Allow _, _ -> ""
    | (Deny tag | Retry tag), _ -> tag

[<Fact>]
let ``A payment channel that is over goes by itself, and nothing of it counts again`` () =
    Assert.False(over.Channels.ContainsKey(id paying))
    Assert.Equal(2, over.ChannelCount)
    Assert.Equal("channel-nonce-unique", tagOf roomy over start (NewChannel paying))

    for request in
        [ SignState(opening paying 0UL); SignState(opening paying 1UL); SignState(final paying 15 5); SignVoucher(voucher paying 4)
          SignVoucher(voucher paying 5); SignChallenge(final paying 16 4) ] do
        Assert.Equal("channel-known", tagOf roomy over start request)

    Assert.Equal("guarantee-target-known", tagOf roomy over start (proposal rightLedger 4UL (add paying rightLedger)))
    // What had been signed of its ledger is signed again.
    Assert.Equal("", tagOf roomy over start removed')

/// Nobody may have heard of our removal, nor of our final state: the node can have lost both.
[<Fact>]
let ``Until its removal is countersigned all of a channel is signed again`` () =
    Assert.True(leaving.Channels.ContainsKey(id paying))
    Assert.True leaving.Channels[id paying].IdleSince.IsNone
    Assert.Equal("close-finished", tagOf roomy leaving start (CloseChannel(id paying)))

    for request in [ SignState(final paying 16 4); removed' ] do
        Assert.Equal("", tagOf roomy leaving start request)

    for request in [ SignState(final paying 15 5); SignVoucher(voucher paying 5); proposal rightLedger 4UL (add paying rightLedger) ] do
        Assert.NotEqual<string>("", tagOf roomy leaving start request)

[<Fact>]
let ``A channel between two ledgers stays until the last guarantee is out, in whatever order that is countersigned`` () =
    let ended = after roomy hub (allSignFinal through 18 2)
    let outOf ledger = removed through ledger 18
    let agreedBy ledger peer = countersigned through ledger 18 peer
    let stays state = Assert.True((state: SignerState).Channels.ContainsKey(id through))
    let goes state = Assert.False((state: SignerState).Channels.ContainsKey(id through))

    let oneOut = after roomy ended [ outOf leftLedger; agreedBy leftLedger left ]
    stays oneOut
    let bothOut = after roomy oneOut [ outOf rightLedger ]
    stays bothOut
    goes (after roomy bothOut [ agreedBy rightLedger right ])

    let bothSigned = after roomy ended [ outOf leftLedger; outOf rightLedger; agreedBy rightLedger right ]
    stays bothSigned
    goes (after roomy bothSigned [ agreedBy leftLedger left ])
    // Who follows has the proposal already.
    goes (after roomy bothOut [ agreedBy rightLedger right; agreedBy leftLedger left ])
    goes (after roomy ended [ agreedBy leftLedger left; outOf leftLedger; agreedBy rightLedger right; outOf rightLedger ])

/// The last turn shows as well that the other side has agreed to all before it.
[<Fact>]
let ``With its ledger's end a channel on its way out goes`` () =
    let closed = state rightLedger 4UL true (split rightLedger 46 54)
    let signed = after roomy leaving [ approval 9UL start (Close(id rightLedger)); SignState closed ]
    Assert.True(signed.Channels.ContainsKey(id paying))
    Assert.False((after roomy signed [ peerSigns right closed ]).Channels.ContainsKey(id paying))

/// Additions may still be on their way to it.
[<Fact>]
let ``An opening that was undone stays, with its post-fund barred`` () =
    let undone = after roomy hubAgreed (guaranteed through leftLedger left @ [ removed through leftLedger 20; countersigned through leftLedger 20 left ])
    Assert.True undone.Channels[id through].Marks.PostFundBarred
    Assert.True undone.Channels[id through].IdleSince.IsSome
    let again = after roomy undone (guaranteed through rightLedger right)
    Assert.True again.Channels[id through].IdleSince.IsNone
    Assert.Equal("postfund-barred", tagOf roomy again start (SignState(opening through 1UL)))

let private opening' nonce = terms paymentApp nonce [ left; me; right ] 20 0

/// Each second another channel comes, as far as `request` takes it.
let private coming (requests: ChannelTerms -> SignerRequest list) state now nonces =
    let step now (state: SignerState) request =
        match Decide.decide powers roomy state (at now request) with
        | Allow _, next -> next
        | (Deny tag | Retry tag), _ -> failwith tag

    nonces |> List.indexed |> List.fold (fun state (after, nonce) -> List.fold (step (now + int64 after)) state (requests (opening' nonce))) state

let private half = coming agreed

[<Fact>]
let ``Half-open channels wait an hour, then the one that has rested longest makes room`` () =
    let full = half ledgers start [ 101UL .. 106UL ]
    let next = NewChannel(opening' 107UL)
    Assert.Equal(roomy.Limits.Channels, full.ChannelCount)
    Assert.Equal("counts", tagOf roomy full (start + 3_599L) next)
    Assert.Equal("", tagOf roomy full (start + 3_600L) next)
    // Room grows faster than it is used.
    let after = half full (start + 3_610L) [ 107UL ]
    Assert.False(after.Channels.ContainsKey(id (opening' 101UL)))
    Assert.False(after.Channels.ContainsKey(id (opening' 102UL)))
    Assert.True(after.Channels.ContainsKey(id leftLedger))
    Assert.True(after.ChannelCount < roomy.Limits.Channels)
    // Its pre-fund was signed: it must never come again.
    Assert.Equal("channel-nonce-unique", tagOf roomy after (start + 3_610L) (NewChannel(opening' 101UL)))

[<Fact>]
let ``What nothing was signed for leaves nothing behind`` () =
    let full = coming (fun terms -> [ NewChannel terms ]) ledgers start [ 101UL .. 106UL ]
    let later = half full (start + 4_000L) [ 107UL ]
    Assert.False(later.Channels.ContainsKey(id (opening' 101UL)))
    Assert.Equal(0, later.Retired.Size)
    Assert.Equal("", tagOf roomy later (start + 4_000L) (NewChannel(opening' 101UL)))

[<Fact>]
let ``Ten bytes of an id tell it from all others`` () =
    let random = Random 5
    let any _ = (let bytes = Array.zeroCreate<byte> 32 in random.NextBytes bytes; ChannelId(Bytes32.ofSpan (ReadOnlySpan bytes)))
    let ids = List.init 5_000 any
    let all = ids |> List.fold (fun all id -> RetiredIds.add id all) RetiredIds.empty
    Assert.Equal(5_000, all.Size)
    Assert.Equal(all, RetiredIds.add ids.Head all)
    for id in ids do Assert.True(RetiredIds.contains id all)
    for _ in 1..5_000 do Assert.False(RetiredIds.contains (any ()) all)

[<Fact>]
let ``A stranger's deposit in a channel that was paid out keeps nothing in the memory`` () =
    let seen value = ObserveDeposit(id direct, Funds.set coin (amount value) Funds.empty, 30UL, 40UL)
    let ended mine theirs =
        let final = state direct 2UL true (split direct mine theirs)
        after { roomy with Velocity = Map.empty } directOpen [ approval 1UL start (Close(id direct)); spend 2UL direct 50; SignState final; peerSigns right final ]

    let says ended value = tagOf roomy (after roomy ended [ seen value ]) start (CloseChannel(id direct))
    // Ours may still be there; a channel that has yet to be concluded holds it all.
    Assert.Equal("close-finished", says (ended 50 50) 50)
    Assert.Equal("close-finished", says (ended 0 100) 100)
    Assert.Equal("", says (ended 50 50) 49)
    Assert.Equal("", says (ended 0 100) 99)
    // Only where the node names it: by itself it stays.
    Assert.True (after roomy (ended 50 50) [ seen 49 ]).Channels[id direct].IdleSince.IsNone

/// As a node says it: what the signer missed of a channel's end stands in no other's way.
[<Fact>]
let ``A channel's end is no obstacle to what is wanted behind it`` () =
    let strange = terms ledgerApp 60UL [ me; right ] 5 5
    let bye = [ peerSigns right (opening strange 0UL); held strange 0; CloseChannel(id strange) ]
    let wanted = SignState(opening paying 0UL)
    let hear items = Hearing.hear powers config start ValueNone ledgers items
    let struct (behind, _) = hear (bye @ [ NewChannel paying; wanted ])
    let struct (alone, _) = hear [ NewChannel paying; wanted ]
    Assert.Equal(alone, behind)
    // Of what has to wait it is the channel's own reason that is told.
    let waiting = [ NewChannel paying; SignState(opening paying 0UL); proposal rightLedger 2UL (add paying rightLedger) ]
    let struct (late, _) = hear (bye @ [ List.last waiting ])
    let struct (lateAlone, _) = hear [ List.last waiting ]
    Assert.Equal(lateAlone, late)

let private channels = 20
let private rounds = 10 * channels

/// A hub forwards through channel after channel: rows on disk, signatures on the real curve.
[<Fact>]
let ``Ten times as many channels as there is room for are opened and closed at the real desk`` () =
    let folder = Directory.CreateTempSubdirectory "nitro-years-"
    let cast = Cast.real
    let _, document = Cast.policies cast |> List.find (fun (name, _) -> name = "unattended-hub")

    let policy =
        match PolicyPlanV1.decode (ReadOnlyMemory document) with
        | Ok plan -> SignerPolicy { plan with Make = fun contracts me -> (let made = plan.Make contracts me in { made with Limits = { made.Limits with Channels = channels } }) }
        | Error text -> failwith text

    let openStore () = MemoryStore.Open(Path.Combine(folder.FullName, "marks.db"), ReadOnlyMemory<byte>(cast.Me.ToArray()), policy, 0L)
    let deeds = [ Opens cast.Left; Opens cast.Right ] @ List.replicate rounds (Forwards 0)

    try
        let last =
            use store = openStore ()
            let desk = SigningDesk(Cast.ownKey, Cast.ownKey, store, HackedDesk.Clock(), 1_000)

            for batch in HonestTalk.make cast deeds |> List.chunkBySize 7 do
                let read items = SigningDesk.Read [| for item in items -> ReadOnlyMemory<byte>(RequestV1.encode item) |]

                for answer in desk.Answer [| for items in batch -> DeskQuestion(read items, [||]) |] do
                    Assert.True(isNull answer.Tag, answer.Tag)

            store.Memory.State

        // Both ledgers; and the last channel, whose removal is countersigned before the next is asked for.
        Assert.Equal(3, last.ChannelCount)
        Assert.Equal(rounds - 1, last.Retired.Size)
        use again = openStore ()
        Assert.Equal(last, again.Memory.State)
    finally
        folder.Delete true
