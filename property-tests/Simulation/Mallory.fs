namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// Byzantine peers in a run: who they are, what they are up to, and when.
module internal Mallory =
    let private messages =
        [ Act("stale state", MalloryStates.staleState)
          Act("stale final state", MalloryStates.staleFinal)
          Act("wrong final amounts", MalloryStates.wrongFinalAmounts)
          Act("wrong final destinations", MalloryStates.wrongFinalDestinations)
          Act("wrong final asset", MalloryStates.wrongFinalAsset)
          Act("unbalanced final", MalloryStates.unbalancedFinal)
          Act("two states for one turn", MalloryStates.twoStatesForOneTurn)
          Act("final before the post-fund", MalloryStates.finalBeforePostFund)
          Act("foreign signatures on states", MalloryStates.foreignSignatures)
          Act("final state in the payer's name", MalloryStates.forgedFinal)
          Act("wrong asset in an opening", MalloryStates.wrongAssetOpening)
          Act("oversized outcome", MalloryStates.oversizedOutcome)
          Act("duplicate proposal", MalloryProposals.duplicateProposal)
          Act("reordered proposals", MalloryProposals.reorderedProposals)
          Act("two proposals for one turn", MalloryProposals.twoProposalsForOneTurn)
          Act("proposal for another's channel", MalloryProposals.foreignProposal)
          Act("foreign signature on a proposal", MalloryProposals.unsignedProposal)
          Act("foreign countersignature", MalloryProposals.foreignCountersignature)
          Act("wrong removal", MalloryProposals.wrongRemoval)
          Act("early removal", MalloryProposals.earlyRemoval)
          Act("wrong guarantee", MalloryProposals.wrongGuarantee)
          Act("guarantee on one side", MalloryProposals.oneSidedGuarantee)
          Act("voucher above the deposit", MalloryVouchers.aboveTheDeposit)
          Act("voucher replayed", MalloryVouchers.replayed)
          Act("voucher for an unfunded channel", MalloryVouchers.unfunded)
          Act("voucher with a foreign signature", MalloryVouchers.foreignSignature)
          Act("payment taken back", MalloryVouchers.takenBack)
          Act("voucher after the final state", MalloryVouchers.afterTheFinal)
          Act("rejection of another's objective", MalloryNotices.foreignRejection)
          Act("late rejection", MalloryNotices.lateRejection)
          Act("unwanted closing", MalloryNotices.unwantedClosing)
          Act("garbage frame", MalloryFrames.garbage)
          Act("oversized frame", MalloryFrames.oversized)
          Act("too many signatures", MalloryFrames.tooManySignatures)
          Act("borrowed name", MalloryFrames.borrowedName) ]

    let private attempts = [| for trick in messages do match trick with Act(_, attempt) -> attempt | Habit _ | Stinginess _ -> () |]

    /// Everything a band may be up to, beside what needs the chain.
    let private tricks =
        messages
        @ [ Act("message flood", MalloryFrames.flood attempts)
            Act("vanishing hub", MalloryFrames.vanishingHub)
            Habit("pre-fund withheld", MalloryHabits.preFundWithheld)
            Habit("post-fund withheld", MalloryHabits.postFundWithheld)
            Habit("proposal withheld", MalloryHabits.proposalWithheld)
            Habit("countersignature withheld", MalloryHabits.countersignatureWithheld)
            Habit("payment's final state withheld", MalloryHabits.paymentFinalWithheld)
            Habit("ledger's final state withheld", MalloryHabits.ledgerFinalWithheld)
            Habit("voucher withheld", MalloryHabits.voucherWithheld)
            Habit("half told", MalloryHabits.halfTold)
            Habit("reversed and repeated", MalloryHabits.reversed)
            Habit("two final states", MalloryHabits.twoFinals)
            Habit("two pre-funds", MalloryHabits.twoPreFunds)
            Habit("guarantee changed", MalloryHabits.guaranteeChanged)
            Habit("removal changed", MalloryHabits.removalChanged)
            Habit("countersignature spoiled", MalloryHabits.countersignatureSpoiled)
            Habit("signed for others", MalloryHabits.signedForOthers)
            Stinginess("deposit withheld", MalloryHabits.depositWithheld) ]

    let private onChain (chain: MalloryChain) =
        [ Act("stale challenge", chain.StaleChallenge)
          Act("strange deposit", chain.StrangeDeposit) ]

    let names = [ for trick in tricks -> trick.Name ] @ [ "stale challenge"; "strange deposit" ]

    /// Who of these people is byzantine. In most runs nobody, in some one, now and then two or three together.
    let choose (random: Prng) (count: int voption) (people: Address[]) : Address[] =
        let drawn =
            match count with
            | ValueSome given -> given
            | ValueNone -> if random.Next 3 > 0 then 0 else random.Pick [| 1; 1; 1; 2; 2; 3 |]

        let wanted = min drawn (people.Length - 1)

        if wanted = 2 && random.Next 2 = 0 then
            // Payer and payee, with honest people between them.
            [| people[0]; people[people.Length - 1] |]
        else
            let left = System.Collections.Generic.List people
            [| for _ in 1..wanted do
                   let index = random.Next left.Count
                   left[index]
                   left.RemoveAt index |]

    /// What makes the moments last in which an act can bite: the member's own core must not be quicker.
    let private patience =
        let withProposals = [ "two proposals for one turn"; "foreign signature on a proposal"; "wrong removal"; "wrong guarantee"; "guarantee on one side" ]
        let withCountersignatures = [ "foreign countersignature"; "guarantee on one side" ]
        [ for act in withProposals -> act, "proposal withheld" ] @ [ for act in withCountersignatures -> act, "countersignature withheld" ]

    let private drawn (random: Prng) (wanted: string list) (all: Trick list) : Trick[] =
        let chosen =
            match wanted with
            | [] when random.Next 8 = 0 -> [ for trick in all -> trick.Name ]
            | [] -> [ for _ in 1 .. random.Between(1, 5) -> all[random.Next all.Length].Name ]
            | names -> names

        let companions = [ for act, habit in patience do if List.contains act chosen then habit ]
        all |> List.filter (fun trick -> List.contains trick.Name chosen || List.contains trick.Name companions) |> Array.ofList

    let private tamper (band: Band) (habits: Trick[]) =
        let network = band.World.Network

        network.Tamper <- fun by receiver frame ->
            if not (band.Has by) then
                [ frame ]
            else
                band.Remember(by, receiver, frame)

                let alter (messages: PeerItem list list) habit =
                    match habit with
                    | Habit(name, alter) ->
                        messages
                        |> List.collect (fun items ->
                            let altered = alter band by receiver items
                            band.Counted(name, altered.IsSome)
                            ValueOption.defaultValue [ items ] altered)
                    | Act _
                    | Stinginess _ -> messages

                let plain = [ MalloryWords.read frame ]
                let said = habits |> Array.fold alter plain
                if said = plain then [ frame ] else [ for items in said -> Nitro.Wire.PeerV1.encode receiver { From = by; Items = items } ]

    let private keepBack (band: Band) (habits: Trick[]) =
        band.World.Chain.KeepsBack <- fun parcel ->
            band.Has parcel.Sender
            && habits
               |> Array.exists (fun habit ->
                   match habit with
                   | Stinginess(name, keepsBack) ->
                       let isKept = keepsBack band parcel.Call
                       band.Counted(name, isKept)
                       isKept
                   | Act _
                   | Habit _ -> false)

    /// Whether it met its moment.
    let private attempt (band: Band) (acts: Trick[]) =
        match band.Random.Pick acts with
        | Act(name, attempt) ->
            let bites = attempt band
            band.Counted(name, bites)
            bites
        | Habit _
        | Stinginess _ -> false

    /// From now on these nodes are byzantine. `tricks`: their names, or none for whatever is drawn. `pause`: milliseconds between two acts, at most.
    let unleash (world: SimulatedWorld) (books: Books) (random: Prng) (members: Address[]) (wanted: string list) (pause: int) : Band =
        for who in members do world.Distrust who
        let band = Band(world, members, random)
        let chain = MalloryChain band
        MalloryWatch.start band books
        let chosen = drawn random wanted (tricks @ onChain chain)
        let acts = chosen |> Array.filter (fun trick -> match trick with Act _ -> true | Habit _ | Stinginess _ -> false)
        tamper band chosen
        keepBack band chosen
        let mutable left = random.Between(5, 40)

        let act () =
            if acts.Length > 0 && left > 0 && not band.IsOver && attempt band acts then left <- left - 1

        let rec live () =
            if not band.IsOver then
                act ()
                world.Ground.After(1, 4 * pause, Agenda.World, live)

        world.Ground.After(1_000, 30_000, Agenda.World, live)

        // The best moments are short: something has just happened at a victim.
        for node in world.Nodes.Values do
            if not (band.Has node.Address) then
                let committed = node.OnCommitted

                node.OnCommitted <- fun made ->
                    committed made
                    if acts.Length > 0 && not band.IsOver && random.Next 10 = 0 then world.Ground.After(0, random.Pick [| 0; 2; 40 |], Agenda.World, act)

        band

    /// Nothing new is tried from now on. Half of those who vanished come back; habits stay.
    let rest (band: Band) =
        band.IsOver <- true
        for who in band.Members do
            if not (band.Node who).IsAlive && band.Random.Next 2 = 0 then band.World.Return who
