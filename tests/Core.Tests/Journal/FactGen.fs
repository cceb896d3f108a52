/// Generators of facts and of what they are made of. Extremes (0, largest, empty) come up often.
module internal Nitro.Core.Tests.Journal.FactGen

open System
open FsCheck
open FsCheck.FSharp
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

let private byte' = Gen.choose (0, 255) |> Gen.map byte

let bytesOf (length: int) : Gen<byte[]> = Gen.arrayOfLength length byte'

/// Up to 200 bytes, often none.
let bytes: Gen<byte[]> =
    Gen.frequency
        [ 2, Gen.constant [||]
          1, bytesOf 32
          2, Gen.choose (0, 200) |> Gen.bind bytesOf ]

let bytes32: Gen<Bytes32> =
    Gen.frequency
        [ 1, Gen.constant Bytes32.zero
          9, bytesOf 32 |> Gen.map (fun found -> Bytes32.ofSpan (ReadOnlySpan found)) ]

let address: Gen<Address> =
    Gen.frequency
        [ 1, Gen.constant Address.zero
          5, bytesOf 20 |> Gen.map (fun found -> Address.ofSpan (ReadOnlySpan found)) ]

let destination: Gen<Destination> = Gen.oneof [ bytes32; address |> Gen.map Destination.ofAddress ]
let channel: Gen<ChannelId> = bytes32 |> Gen.map ChannelId
let voption (gen: Gen<'T>) : Gen<'T voption> = Gen.oneof [ Gen.constant ValueNone; Gen.map ValueSome gen ]

let uint64: Gen<uint64> =
    Gen.frequency
        [ 1, Gen.constant 0UL
          1, Gen.constant UInt64.MaxValue
          3, Gen.choose (0, 1000) |> Gen.map uint64
          2, bytesOf 8 |> Gen.map (fun found -> BitConverter.ToUInt64(found, 0)) ]

let private uint32: Gen<uint32> = uint64 |> Gen.map uint32
let int64: Gen<int64> = uint64 |> Gen.map int64

/// Any JSON must survive: quotes, escapes, controls, letters outside ASCII and outside the basic plane.
let text: Gen<string> =
    Gen.frequency
        [ 3, Gen.elements [ ""; "policy-amount-too-large"; "line\nbreak\t\"quoted\" \\ <&>+"; "été 漢字 🜁 \u0000\u2028" ]
          1, Gen.arrayOf (Gen.choose (0, 0xD7FF) |> Gen.map char) |> Gen.map String ]

let amount: Gen<Amount> =
    Gen.frequency
        [ 1, Gen.constant Amount.zero
          1, Gen.constant (Amount.ofSpan (ReadOnlySpan(Array.create 32 255uy)))
          3, uint64 |> Gen.map Amount.ofUInt64
          2, bytesOf 32 |> Gen.map (fun found -> Amount.ofSpan (ReadOnlySpan found)) ]

let signature: Gen<Signature> =
    Gen.map3 (fun r s v -> { R = r; S = s; V = v }) bytes32 bytes32 (Gen.frequency [ 3, Gen.elements [ 27uy; 28uy ]; 1, byte' ])

let objectiveKind: Gen<ObjectiveKind> = Gen.elements [ DirectFunding; DirectDefunding; VirtualFunding; VirtualDefunding ]
let objective: Gen<ObjectiveId> = Gen.map2 (fun kind id -> { Kind = kind; Channel = id }) objectiveKind channel
let request: Gen<RequestId> = Gen.arrayOfLength 22 (Gen.elements [ 'a' .. 'z' ]) |> Gen.map (String >> RequestId)
let instant: Gen<Instant> = int64 |> Gen.map Instant

let few (gen: Gen<'T>) : Gen<'T list> = Gen.choose (0, 3) |> Gen.bind (fun count -> Gen.listOfLength count gen)

let allocation: Gen<Allocation> =
    Gen.map4
        (fun destination amount kind metadata ->
            { Destination = destination
              Amount = amount
              Type = kind
              Metadata = metadata })
        destination
        amount
        byte'
        bytes

let outcome: Gen<Outcome> =
    Gen.map4
        (fun asset kind metadata allocations ->
            { Asset = asset
              MetadataType = kind
              Metadata = metadata
              Allocations = allocations })
        address
        byte'
        bytes
        (few allocation)
    |> few

let variable: Gen<VariablePart> =
    Gen.map4
        (fun outcome appData turn isFinal ->
            { Outcome = outcome
              AppData = appData
              Turn = turn
              IsFinal = isFinal })
        outcome
        bytes
        uint64
        (Gen.elements [ true; false ])

let guarantee: Gen<Guarantee> =
    Gen.map4
        (fun target amount left right ->
            { Target = target
              Amount = amount
              Left = left
              Right = right })
        channel
        amount
        destination
        destination

let proposal: Gen<Proposal> =
    Gen.oneof [ Gen.map2 (fun g deposit -> Add(g, deposit)) guarantee amount; Gen.map2 (fun target left -> Remove(target, left)) channel amount ]

let ledgerOutcome: Gen<LedgerOutcome> =
    gen {
        let! asset = address
        let! leader = destination
        let! leaderBalance = amount
        let! follower = destination
        let! followerBalance = amount
        let! guarantees = few guarantee

        return
            { Asset = asset
              Leader = leader
              LeaderBalance = leaderBalance
              Follower = follower
              FollowerBalance = followerBalance
              Guarantees = guarantees |> List.map (fun g -> g.Target, g) |> Map.ofList }
    }

/// Two to five different participants.
let fixedPart: Gen<FixedPart> =
    gen {
        let! count = Gen.choose (2, 5)
        let! parties = Gen.listOfLength count (bytesOf 20 |> Gen.map (fun found -> Address.ofSpan (ReadOnlySpan found)))
        let! nonce = uint64
        let! app = address
        let! duration = uint32

        return
            { Participants = parties
              Nonce = nonce
              App = app
              ChallengeDuration = duration }
    }

/// The id is the hash of the fixed part, as it must be.
let terms: Gen<Terms> =
    gen {
        let! fixedPart = fixedPart
        let! opening = ledgerOutcome
        let! myIndex = Gen.choose (0, fixedPart.Participants.Length - 1)
        let! isLedger = Gen.elements [ true; false ]
        let! dialect = Gen.elements [ Nitro; GoNitro ]

        return
            { Id = FixedPart.channelId fixedPart
              Fixed = fixedPart
              Opening = opening
              MyIndex = myIndex
              IsLedger = isLedger
              Dialect = dialect }
    }

let goal: Gen<Goal> =
    let ledgers make = Gen.map3 (fun channel left right -> make (channel, left, right)) channel (voption channel) (voption channel)
    Gen.oneof [ Gen.map DirectFund channel; Gen.map DirectDefund channel; ledgers VirtualFund; ledgers VirtualDefund ]

let origin: Gen<Origin> = Gen.oneof [ Gen.constant OwnRequest; Gen.map Peer address ]
let ending: Gen<Ending> = Gen.oneof [ Gen.constant Completed; Gen.map Rejected text ]

let signing: Gen<Signing> =
    let ofState make = Gen.map3 (fun channel turn hash -> make (channel, turn, hash)) channel uint64 bytes32
    Gen.oneof [ ofState OwnState; ofState LedgerUpdate; Gen.map2 (fun channel total -> PaymentVoucher(channel, total)) channel amount ]

let telling: Gen<Telling> =
    Gen.oneof
        [ Gen.map3 (fun objective turn hash -> StateOf(objective, turn, hash)) objective uint64 bytes32
          Gen.map3 (fun objective turn hash -> AllSignaturesOf(objective, turn, hash)) objective uint64 bytes32
          Gen.map2 (fun ledger upTo -> ProposalsOf(ledger, upTo)) channel uint64
          Gen.map2 (fun ledger turn -> AgreementOf(ledger, turn)) channel uint64
          Gen.map2 (fun channel total -> VoucherOf(channel, total)) channel amount
          Gen.map FinalStateWanted objective
          Gen.map RejectionOf objective
          Gen.map2 (fun objective since -> StandingWanted(objective, since)) objective instant
          Gen.map2 (fun objective since -> StandingOf(objective, since)) objective (voption instant)
          Gen.constant LedgersWanted ]

let chainCall: Gen<ChainCall> =
    Gen.oneof
        [ Gen.map3 (fun channel held amount -> Deposit(channel, held, amount)) channel amount amount
          Gen.map ConcludeAndTransfer channel
          Gen.map ReadHoldings channel ]

let intent: Gen<Intent> =
    Gen.oneof [ Gen.map SignPayload signing; Gen.map2 (fun peer telling -> Tell(peer, telling)) address telling; Gen.map SubmitCall chainCall ]

let finish: Gen<Finish> = Gen.oneof [ Gen.constant Kept; Gen.map Refused text; Gen.constant Superseded ]

let topic: Gen<Topic> =
    Gen.oneof [ Gen.map OpeningDeadline objective; Gen.map Retelling address; Gen.map ChainRetry channel; Gen.map ConcludeInstead channel ]

let chainPosition: Gen<ChainPosition> =
    Gen.map3
        (fun height index hash ->
            { Height = height
              Index = index
              BlockHash = hash })
        uint64
        uint32
        bytes32

let paymentKind: Gen<PaymentKind> = Gen.elements [ Sent; HandedOut ]

/// One generator a case, in the order of the union.
let byCase: Gen<Fact> list =
    let party = Gen.choose (0, 15)

    [ Gen.map3 (fun request content objective -> RequestBound(request, content, objective)) request bytes32 objective
      Gen.map5 (fun r content channel amount kind -> PaymentReserved(r, content, channel, amount, kind)) request bytes32 channel amount paymentKind
      Gen.map3 (fun request channel tag -> PaymentRefused(request, channel, tag)) request channel text
      Gen.map3 (fun goal origin deadline -> ObjectiveOpened(goal, origin, deadline)) goal origin (voption instant)
      Gen.map GoalApproved objective
      Gen.map2 (fun objective reason -> OpeningUndone(objective, reason)) objective text
      Gen.map2 (fun channel peer -> PeerGaveUp(channel, peer)) channel address
      Gen.map2 (fun objective ending -> ObjectiveEnded(objective, ending)) objective ending
      Gen.map ChannelAdded terms
      Gen.map2 (fun channel variable -> StateSeen(channel, variable)) channel variable
      Gen.map5 (fun channel turn hash party s -> StateSigned(channel, turn, hash, party, s)) channel uint64 bytes32 party signature
      Gen.map2 (fun ledger proposal -> ProposalWanted(ledger, proposal)) channel proposal
      Gen.map2 (fun ledger target -> ProposalUnwanted(ledger, target)) channel channel
      Gen.map4 (fun ledger turn proposal hash -> ProposalQueued(ledger, turn, proposal, hash)) channel uint64 proposal bytes32
      Gen.map3 (fun ledger turn s -> ProposalSigned(ledger, turn, s)) channel uint64 signature
      Gen.map2 (fun ledger turn -> ProposalDropped(ledger, turn)) channel uint64
      Gen.map5 (fun ledger turn proposal hash s -> ProposalReceived(ledger, turn, proposal, hash, s)) channel uint64 proposal bytes32 signature
      Gen.map3 (fun ledger turn s -> ProposalAgreed(ledger, turn, s)) channel uint64 signature
      Gen.map3 (fun channel held at -> HoldingsObserved(channel, held, at)) channel amount chainPosition
      Gen.map4 (fun channel paid held at -> PayoutObserved(channel, paid, held, at)) channel amount amount chainPosition
      Gen.map2 (fun channel height -> HoldingsDoubted(channel, height)) channel uint64
      Gen.map3 (fun channel total s -> VoucherIssued(channel, total, s)) channel amount signature
      Gen.map3 (fun channel total s -> VoucherReceived(channel, total, s)) channel amount signature
      Gen.map IntentRecorded intent
      Gen.map2 (fun effect finish -> IntentFinished(EffectId effect, finish)) int64 finish
      Gen.map Woken topic
      Gen.constant JournalRestored
      Gen.map2 (fun channel peer -> ChannelConfirmed(channel, peer)) channel address
      Gen.map2 (fun channel peer -> ChannelDoubted(channel, peer)) channel address
      Gen.map4 (fun ledger variable leader follower -> LedgerAdopted(ledger, variable, leader, follower)) channel variable signature signature
      Gen.map3 (fun epoch facts height -> EpochOpened(epoch, facts, height)) (Gen.choose (0, Int32.MaxValue)) (Gen.choose (1, Int32.MaxValue)) uint64 ]

let fact: Gen<Fact> = Gen.oneof byCase
