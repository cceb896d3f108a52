/// Thousands of attacks with everything that a node has, against each ready-made policy: the owner's loss stays within what the policy
/// says, whatever is reordered, repeated, left out, changed and signed by everybody else.
module Nitro.Core.Tests.Signer.HackedLaws

open System
open Xunit
open Nitro.Signer.Policy
open Nitro.Core.Tests.Signer.PolicyWorld

let private hear book config now state items = Hearing.by book powers config now ValueNone state items

/// A scene with the signer's memory after each honest request.
let private stages =
    [ for policy in Cast.policies Cast.toy do
          let scene = HackedNode.scene Cast.toy policy
          let config = HackedNode.config scene
          let step state items = (let struct (verdict, next) = hear Rulebook.standard config start state items in verdict, next)
          let verdicts, memories = scene.Honest |> Array.scan (fun (_, state) items -> step state items) (Noted, SignerState.empty) |> Array.unzip
          scene, config, verdicts, memories ]

[<Fact>]
let ``The honest conversation is allowed from its beginning to its end`` () =
    for scene, _, verdicts, memories in stages do
        for verdict in verdicts do
            match verdict with
            | Approve _
            | Noted -> ()
            | Refuse tag
            | Wait tag -> failwith $"{scene.Policy}: {tag}"

        // Everything was closed, and nothing stays but that it has been.
        Assert.Empty (Array.last memories).Channels
        Assert.True((Array.last memories).Retired.Size > 2)

let private take (loot: Loot) (items: SignerRequest list) verdict =
    match verdict with
    | Approve digest -> loot.Take(List.last items, digest)
    | Noted -> ()
    | Refuse tag
    | Wait tag -> loot.Refused tag

/// What is wrong after the attack with this seed, how many signatures it got, and what it cost; `told` hears each move.
let private play told book (scene, config, verdicts: Verdict[], memories: SignerState[]) seed =
    let random = Random(seed: int)
    let begun = random.Next memories.Length
    let loot = Loot(scene.Cast, config, scene.Approved)
    let mutable state = memories[begun]
    let mutable now = start

    for step in 1..begun do
        match verdicts[step] with
        | Approve digest -> loot.Had(List.last scene.Honest[step - 1], digest)
        | Noted
        | Refuse _
        | Wait _ -> ()

    loot.See state

    for move in HackedNode.attack scene random begun do
        now <- now + move.Pause
        let struct (verdict, next) = hear book config now state move.Items
        state <- next
        loot.See state
        take loot move.Items verdict
        told move verdict loot.Loss

    struct (loot.Complaints(state, now - start), loot.Signatures, loot.Loss)

let private unheard _ _ _ = ()

/// The attack move by move, for whoever has to find out.
let private story stage seed =
    let lines = Collections.Generic.List<string>()
    play (fun move verdict loss -> lines.Add $"{verdict}, {loss} lost: %A{move}") Rulebook.standard stage seed |> ignore
    String.Join("\n", lines)

[<Literal>]
let private Attacks = 3_300

[<Fact>]
let ``No attack costs more than the policy says, signs a turn twice, or is refused without a tag`` () =
    for scene, _, _, _ as stage in stages do
        let mutable signatures = 0
        let mutable lost = 0I

        for seed in 1..Attacks do
            let struct (complaints, signed, loss) = play unheard Rulebook.standard stage seed
            if not complaints.IsEmpty then failwith $"{scene.Policy}, attack {seed}: {complaints}\n{story stage seed}"
            signatures <- signatures + signed
            lost <- max lost loss

        // Or the attacks would not get anywhere.
        Assert.True(signatures > 2 * Attacks, $"{scene.Policy}: {signatures} signatures")
        Assert.True((lost > 0I || scene.Policy = "unattended-hub"), $"{scene.Policy}: at most {lost} lost")

/// Those that stand alone before the money; behind most others stands a second one.
[<Theory>]
[<InlineData("NewChannel", "channel-nonce-unique")>]
[<InlineData("SignState", "balance-not-lowered")>]
[<InlineData("SignState", "intermediary-balanced")>]
[<InlineData("SignState", "guarantees-by-proposal-only")>]
[<InlineData("SignState", "running-after-postfund")>]
[<InlineData("SignProposal", "guarantee-target-known")>]
[<InlineData("SignProposal", "guarantee-my-deposit")>]
[<InlineData("SignProposal", "remove-amount")>]
[<InlineData("SignVoucher", "voucher-approved")>]
[<InlineData("SignVoucher", "voucher-increasing")>]
[<InlineData("SignTransaction", "tx-chain")>]
[<InlineData("SignTransaction", "tx-target")>]
[<InlineData("SignTransaction", "tx-fee")>]
[<InlineData("SignTransaction", "tx-nonce")>]
[<InlineData("SignTransaction", "deposit-amount")>]
[<InlineData("CloseChannel", "close-finished")>]
let ``Without the rule the same attacks do more harm`` kind name =
    let tag = Tags.all |> List.find (fun tag -> tag.Name = name)
    let book = Rulebook.without kind tag Rulebook.standard

    let harms seed stage =
        let struct (complaints, _, _) = play unheard book stage seed
        not complaints.IsEmpty

    Assert.True(seq { 1..Attacks } |> Seq.exists (fun seed -> List.exists (harms seed) stages))
