/// The facts that the golden records stand for, in the order of golden/facts.v1.jsonl. Records are only ever added.
module internal Nitro.Core.Tests.Journal.GoldenFacts

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

let private hash (last: uint64) = Keccak.hash (BitConverter.GetBytes last)
let private channelOf last = ChannelId(hash last)
let private account (last: int) = Address.ofSpan (ReadOnlySpan(Array.init 20 (fun index -> byte (16 * last + index))))
let private units (value: uint64) = Amount.ofUInt64 value
let private largest = Amount.ofSpan (ReadOnlySpan(Array.create 32 255uy))
let private at micros = Instant micros

let private alice, irene, bob = account 1, account 2, account 3
let private ledger, virtualChannel, other = channelOf 1UL, channelOf 2UL, channelOf 3UL

let private signature: Signature =
    { R = hash 10UL
      S = hash 11UL
      V = 27uy }

let private objective kind channel = { Kind = kind; Channel = channel }
let private request = RequestId "0123456789abcdef"

let private guarantee =
    { Target = virtualChannel
      Amount = units 10UL
      Left = Destination.ofAddress alice
      Right = Destination.ofAddress irene }

let private opening: LedgerOutcome =
    { Asset = Address.zero
      Leader = Destination.ofAddress alice
      LeaderBalance = units 100UL
      Follower = Destination.ofAddress irene
      FollowerBalance = largest
      Guarantees = Map.empty }

let private termsOf fixedPart opening myIndex isLedger dialect =
    { Id = FixedPart.channelId fixedPart
      Fixed = fixedPart
      Opening = opening
      MyIndex = myIndex
      IsLedger = isLedger
      Dialect = dialect }

let private ledgerTerms =
    termsOf
        { Participants = [ alice; irene ]
          Nonce = UInt64.MaxValue
          App = account 9
          ChallengeDuration = 86_400u }
        opening
        0
        true
        Nitro

let private virtualTerms =
    termsOf
        { Participants = [ alice; irene; bob ]
          Nonce = 0UL
          App = Address.zero
          ChallengeDuration = UInt32.MaxValue }
        { opening with
            Asset = account 8
            Guarantees = Map.ofList [ virtualChannel, guarantee ] }
        2
        false
        GoNitro

let private variable =
    { Outcome =
        [ { Asset = account 8
            MetadataType = 1uy
            Metadata = [| 0uy; 255uy |]
            Allocations =
              [ { Destination = Destination.ofAddress alice
                  Amount = units 7UL
                  Type = AllocationType.simple
                  Metadata = [||] }
                { Destination = virtualChannel.Value
                  Amount = largest
                  Type = AllocationType.guarantee
                  Metadata = Outcome.guaranteeMetadata (Destination.ofAddress alice) (Destination.ofAddress irene) } ] } ]
      AppData = [| 1uy; 2uy; 3uy |]
      Turn = 2UL
      IsFinal = true }

let private position =
    { Height = 123_456UL
      Index = UInt32.MaxValue
      BlockHash = hash 12UL }

let private nothingAllocated =
    { Outcome = []
      AppData = [||]
      Turn = 0UL
      IsFinal = false }

let private requests =
    [ RequestBound(request, hash 20UL, objective DirectFunding ledger)
      PaymentReserved(request, hash 21UL, virtualChannel, units 5UL, Sent)
      PaymentReserved(RequestId(String('z', 64)), hash 21UL, virtualChannel, largest, HandedOut)
      PaymentRefused(request, virtualChannel, "signer-declined") ]

let private objectives =
    [ ObjectiveOpened(DirectFund ledger, OwnRequest, ValueSome(at 1_700_000_000_000_000L))
      ObjectiveOpened(DirectDefund ledger, Peer irene, ValueNone)
      ObjectiveOpened(VirtualFund(virtualChannel, ValueSome ledger, ValueNone), OwnRequest, ValueNone)
      ObjectiveOpened(VirtualDefund(virtualChannel, ValueSome ledger, ValueSome other), Peer alice, ValueNone)
      GoalApproved(objective DirectDefunding ledger)
      OpeningUndone(objective VirtualFunding virtualChannel, "the opening took too long")
      ObjectiveEnded(objective VirtualDefunding virtualChannel, Completed)
      ObjectiveEnded(objective VirtualFunding virtualChannel, Rejected "\"quoted\"\n<été 漢字 🜁>") ]

let private channels =
    [ ChannelAdded ledgerTerms
      ChannelAdded virtualTerms
      StateSeen(ledger, variable)
      StateSeen(virtualChannel, nothingAllocated)
      StateSigned(ledger, 2UL, hash 22UL, 1, signature)
      ProposalWanted(ledger, Add(guarantee, units 10UL))
      ProposalWanted(ledger, Remove(virtualChannel, units 3UL))
      ProposalUnwanted(ledger, virtualChannel)
      ProposalQueued(ledger, 2UL, Add(guarantee, Amount.zero), hash 23UL)
      ProposalSigned(ledger, 2UL, signature)
      ProposalDropped(ledger, 3UL)
      ProposalReceived(ledger, 3UL, Remove(virtualChannel, Amount.zero), hash 24UL, signature)
      ProposalAgreed(ledger, 3UL, { signature with V = 28uy }) ]

let private chain =
    [ HoldingsObserved(ledger, units 200UL, position)
      PayoutObserved(ledger, units 200UL, Amount.zero, position)
      HoldingsDoubted(ledger, 123_456UL) ]

let private vouchers =
    [ VoucherIssued(virtualChannel, units 25UL, signature); VoucherReceived(virtualChannel, largest, { signature with V = 28uy }) ]

let private intents =
    [ SignPayload(OwnState(ledger, 1UL, hash 25UL))
      SignPayload(LedgerUpdate(ledger, 2UL, hash 26UL))
      SignPayload(PaymentVoucher(virtualChannel, units 25UL))
      Tell(irene, StateOf(objective DirectFunding ledger, 0UL, hash 27UL))
      Tell(irene, ProposalsOf(ledger, 9UL))
      Tell(alice, AgreementOf(ledger, 9UL))
      Tell(bob, VoucherOf(virtualChannel, units 25UL))
      Tell(alice, FinalStateWanted(objective VirtualDefunding virtualChannel))
      Tell(alice, RejectionOf(objective VirtualFunding virtualChannel))
      SubmitCall(Deposit(ledger, units 100UL, units 50UL))
      SubmitCall(ConcludeAndTransfer ledger)
      SubmitCall(ReadHoldings ledger) ]
    |> List.map IntentRecorded

let private finishes =
    [ IntentFinished(EffectId 418L, Kept)
      IntentFinished(EffectId 0L, Refused "reverted")
      IntentFinished(EffectId Int64.MaxValue, Superseded) ]

let private wakings =
    [ OpeningDeadline(objective VirtualFunding virtualChannel); Retelling irene; ChainRetry ledger; ConcludeInstead ledger ]
    |> List.map Woken

/// Added later: records are never moved.
let private laterIntents =
    [ IntentRecorded(Tell(irene, AllSignaturesOf(objective DirectFunding ledger, 1UL, hash 28UL))) ]

let private restatedLedgerTerms: RestatedChannel =
    { Terms = ledgerTerms
      MovedAt = at 1_700_000_000_000_000L
      Seen = [ variable; nothingAllocated ]
      Signed = [ struct (0UL, hash 29UL, 0, signature); struct (2UL, hash 30UL, 1, { signature with V = 28uy }) ]
      Told = [ struct (irene, StateOf(objective DirectFunding ledger, 1UL, hash 31UL)); struct (irene, ProposalsOf(ledger, 9UL)) ]
      Chain =
        { Held = units 200UL
          HeldAt = position
          PaidOut = units 7UL
          PaidAt = ChainPosition.start
          Doubtful = true
          Attempts = 3
          RetryAt = ValueSome(at 1_700_000_001_000_000L)
          MayConclude = true } }

let private restatedVirtualTerms: RestatedChannel =
    { restatedLedgerTerms with
        Terms = virtualTerms
        Seen = []
        Signed = []
        Told = []
        Chain =
            { restatedLedgerTerms.Chain with
                Doubtful = false
                Attempts = 0
                RetryAt = ValueNone
                MayConclude = false } }

let private restatedPayments: RestatedPayments =
    { Issued = units 25UL
      IssuedSignature = ValueSome signature
      IssuedToTell = true
      Best = Amount.zero
      BestSignature = ValueNone
      NextPending = 12L }

let private openRecord: ObjectiveRecord =
    { Goal = VirtualFund(virtualChannel, ValueSome ledger, ValueNone)
      Origin = Peer alice
      Opened = at 1_700_000_000_000_000L
      Deadline = ValueSome(at 1_700_000_600_000_000L)
      Approved = false
      Undoing = ValueSome "the opening took too long"
      Ending = ValueNone }

let private restatements =
    [ ChannelRestated restatedLedgerTerms
      ChannelRestated restatedVirtualTerms
      LedgerRestated(ledger, opening, 9UL, signature, { signature with V = 28uy }, 4L)
      GuaranteeRestated(ledger, guarantee)
      QueuedRestated(ledger, 10UL, Add(guarantee, units 10UL), hash 32UL, ValueSome signature)
      QueuedRestated(ledger, 11UL, Remove(virtualChannel, units 3UL), hash 33UL, ValueNone)
      WantedRestated(ledger, 3L, Add(guarantee, Amount.zero))
      ExposureRestated(
          ledger,
          virtualChannel,
          { Amount = units 10UL
            Unenforceable = true
            Locked = true
            Reserved = ValueSome(struct (units 10UL, Amount.zero)) }
      )
      ExposureRestated(
          ledger,
          other,
          { Amount = largest
            Unenforceable = false
            Locked = false
            Reserved = ValueNone }
      )
      AnsweredRestated(ledger, 8UL, Remove(virtualChannel, Amount.zero), signature)
      PaymentsRestated(virtualChannel, restatedPayments)
      PaymentsRestated(
          other,
          { restatedPayments with
              IssuedSignature = ValueNone
              IssuedToTell = false
              Best = largest
              BestSignature = ValueSome signature }
      )
      PendingRestated(virtualChannel, 11L, request, units 5UL, Sent)
      PendingRestated(virtualChannel, 12L, request, largest, HandedOut)
      ObjectiveRestated openRecord
      ObjectiveRestated
          { openRecord with
              Origin = OwnRequest
              Deadline = ValueNone
              Approved = true
              Undoing = ValueNone
              Ending = ValueSome(Rejected "policy-peer-denied") }
      ObjectiveRestated { openRecord with Ending = ValueSome Completed }
      PeerRestated(alice, [ objective DirectFunding ledger; objective VirtualFunding virtualChannel ], 40L, ValueSome(at 1L), ValueNone)
      PeerRestated(bob, [], 5L, ValueNone, ValueSome(objective DirectFunding ledger))
      RequestRestated(request, hash 34UL, at 1_700_000_000_000_000L, Bound(objective DirectFunding ledger))
      RequestRestated(request, hash 35UL, at 0L, Payment(virtualChannel, units 5UL, units 25UL, Sent, ValueNone))
      RequestRestated(request, hash 36UL, at 2L, Payment(virtualChannel, units 5UL, units 25UL, HandedOut, ValueSome signature))
      RequestRestated(request, hash 37UL, at 3L, PaymentFailed(virtualChannel, "signer-declined"))
      EndedRestated(417L, other)
      TombstonesRestated [ ledger; other ]
      LedgerListed(irene, Address.zero, ledger)
      IntentRestated(EffectId 418L, Tell(bob, VoucherOf(virtualChannel, units 25UL)))
      WakeRestated(at 1_700_000_600_000_000L, OpeningDeadline(objective VirtualFunding virtualChannel)) ]
    |> List.map Restated

let private epochs = EpochOpened(7, 29, 123_456UL) :: restatements
let private givenUp = [ PeerGaveUp(virtualChannel, irene); Restated(GivenUpRestated(virtualChannel, alice)) ]

/// Added later: what a restored journal brings.
let private restored =
    [ JournalRestored
      ChannelConfirmed(ledger, irene)
      ChannelDoubted(ledger, irene)
      LedgerAdopted(ledger, variable, signature, { signature with V = 28uy })
      IntentRecorded(Tell(irene, StandingWanted(objective DirectFunding ledger, at 0L)))
      IntentRecorded(Tell(irene, StandingOf(objective VirtualFunding virtualChannel, ValueNone)))
      Restated(StaleRestated(irene, [ ledger, at 0L; other, at 0L ])) ]

/// Added later: what a restored journal asks for, and of whom.
let private asking =
    [ IntentRecorded(Tell(irene, LedgersWanted)); Restated(RestoredRestated []); Restated(RestoredRestated [ irene; bob ]) ]

/// Added later: since when a channel is in doubt.
let private doubts =
    [ IntentRecorded(Tell(irene, StandingWanted(objective DirectFunding ledger, at 1_700_000_000_000_001L)))
      IntentRecorded(Tell(irene, StandingOf(objective VirtualFunding virtualChannel, ValueSome(at 1_700_000_000_000_002L))))
      Restated(StaleRestated(irene, [ ledger, at 1_700_000_000_000_003L; other, at 0L ])) ]

/// Of version 1.
let version1: Fact list =
    List.concat [ requests; objectives; channels; chain; vouchers; intents; finishes; wakings; laterIntents; epochs; givenUp; restored; asking; doubts ]
