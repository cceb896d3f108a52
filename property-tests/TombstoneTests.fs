module Nitro.PropertyTests.TombstoneTests

open System
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Wire
open Nitro.Simulation

let private settings = Story.settings Story.bob

let private termsOf (nonce: int) : Terms =
    let part =
        { Participants = [ Story.alice; Story.bob ]
          Nonce = uint64 nonce
          App = settings.ConsensusApp
          ChallengeDuration = 100u }

    match Opening.ledgerTerms settings part (Story.outcome Story.native Story.alice Story.bob 10 10) with
    | Ok terms -> terms
    | Error reason -> invalidOp reason

/// A ledger that Alice proposed, that ended; `signed`: after Bob's pre-fund signature was out.
let private life signed (terms: Terms) : Fact list =
    let id = { Kind = DirectFunding; Channel = terms.Id }
    let hash = State.hash terms.Id (Terms.preFund terms)
    let signature = FakeCurve.sign Story.bob (Digest.personal hash)

    [ ChannelAdded terms
      ObjectiveOpened(DirectFund terms.Id, Peer Story.alice, ValueNone)
      GoalApproved id
      if signed then StateSigned(terms.Id, Turn.preFund, hash, terms.MyIndex, signature)
      ObjectiveEnded(id, Rejected "test") ]

let private says state (terms: Terms) =
    let variable = Terms.preFund terms
    let hash = State.hash terms.Id variable
    let signature = FakeCurve.sign Story.alice (Digest.personal hash)

    let item =
        StateItem(
            { Kind = DirectFunding; Channel = terms.Id },
            { Fixed = terms.Fixed; Variable = variable; Hash = hash; Signatures = [ 0, signature ] }
        )

    match Inbound.receive settings state Story.alice (ReadOnlyMemory(PeerV1.encode Story.bob { From = Story.alice; Items = [ item ] })) with
    | Ok message -> Engine.step settings state { At = Instant 2_000_000L; Event = PeerSaid message }
    | Error offence -> invalidOp $"{offence}"

[<Fact>]
let ``of what is over the newest stay listed, and what was signed is never signed anew`` () =
    let count = Pace.endedListed + 200
    let terms = [| for nonce in 1..count -> termsOf nonce |]

    let state =
        terms
        |> Seq.indexed
        |> Seq.collect (fun (i, t) -> life (i % 2 = 0) t)
        |> Seq.fold (fun state fact -> NodeState.evolve state (Instant 1_000_000L) fact) NodeState.empty

    Assert.Equal(Pace.endedListed, Table.count state.Channels)
    Assert.Equal(Pace.endedListed, Table.count state.Objectives)
    Assert.Equal(100, Table.count state.Tombstones)

    // The first was signed: a late message about it changes nothing. The second never was: it may be proposed again.
    let late = says state terms[0]
    Assert.Equal(Take, late.Taking)
    Assert.Empty late.Facts
    Assert.NotEmpty((says state terms[1]).Facts)
    // The newest is known in full, and answered as what it is.
    Assert.Equal(ValueSome(ValueSome(Rejected "test")), NodeState.objective { Kind = DirectFunding; Channel = terms[count - 1].Id } state |> ValueOption.map (fun r -> r.Ending))
