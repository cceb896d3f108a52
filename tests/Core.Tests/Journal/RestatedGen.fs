/// Generators of what an epoch's opening says.
module internal Nitro.Core.Tests.Journal.RestatedGen

open FsCheck.FSharp
open FsCheck
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Core.Tests.Journal.FactGen

let private boolean = Gen.elements [ true; false ]
let private party = Gen.choose (0, 15)
let private signed = Gen.map4 (fun turn hash party signature -> struct (turn, hash, party, signature)) uint64 bytes32 party signature
let private told = Gen.map2 (fun peer telling -> struct (peer, telling)) address telling

let private channelRestated: Gen<RestatedChannel> =
    gen {
        let! terms = terms
        let! movedAt = instant
        let! seen = few variable
        let! signed = few signed
        let! held = amount
        let! heldAt = chainPosition
        let! paidOut = amount
        let! paidAt = chainPosition
        let! doubtful = boolean
        let! told = few told
        let! chainAttempts = Gen.choose (0, System.Int32.MaxValue)
        let! chainRetryAt = voption instant
        let! mayConclude = boolean

        return
            { Terms = terms
              MovedAt = movedAt
              Seen = seen
              Signed = signed
              Told = told
              Chain =
                { Held = held
                  HeldAt = heldAt
                  PaidOut = paidOut
                  PaidAt = paidAt
                  Doubtful = doubtful
                  Attempts = chainAttempts
                  RetryAt = chainRetryAt
                  MayConclude = mayConclude } }
    }

let private ledgerRestated: Gen<Restatement> =
    gen {
        let! ledger = channel
        let! agreed = ledgerOutcome
        let! turn = uint64
        let! leaderSignature = signature
        let! followerSignature = signature
        let! nextWanted = int64
        return LedgerRestated(ledger, agreed, turn, leaderSignature, followerSignature, nextWanted)
    }

let private exposure: Gen<Exposure> =
    Gen.map4
        (fun amount unenforceable locked reserved ->
            { Amount = amount
              Unenforceable = unenforceable
              Locked = locked
              Reserved = reserved })
        amount
        boolean
        boolean
        (voption (Gen.map2 (fun leader follower -> struct (leader, follower)) amount amount))

let private payments: Gen<RestatedPayments> =
    gen {
        let! issued = amount
        let! issuedSignature = voption signature
        let! issuedToTell = boolean
        let! best = amount
        let! bestSignature = voption signature
        let! nextPending = int64

        return
            { Issued = issued
              IssuedSignature = issuedSignature
              IssuedToTell = issuedToTell
              Best = best
              BestSignature = bestSignature
              NextPending = nextPending }
    }

let private objectiveRecord: Gen<ObjectiveRecord> =
    gen {
        let! goal = goal
        let! origin = origin
        let! opened = instant
        let! deadline = voption instant
        let! approved = boolean
        let! undoing = voption text
        let! ending = voption ending

        return
            { Goal = goal
              Origin = origin
              Opened = opened
              Deadline = deadline
              Approved = approved
              Undoing = undoing
              Ending = ending }
    }

let private result: Gen<RequestResult> =
    Gen.oneof
        [ Gen.map Bound objective
          Gen.map5
              (fun channel amount total kind voucher -> Payment(channel, amount, total, kind, voucher))
              channel
              amount
              amount
              paymentKind
              (voption signature)
          Gen.map2 (fun channel tag -> PaymentFailed(channel, tag)) channel text ]

/// One generator a case, in the order of the union.
let byCase: Gen<Fact> list =
    [ Gen.map ChannelRestated channelRestated
      ledgerRestated
      Gen.map2 (fun channel peer -> GivenUpRestated(channel, peer)) channel address
      Gen.map2 (fun ledger guarantee -> GuaranteeRestated(ledger, guarantee)) channel guarantee
      Gen.map5
          (fun ledger turn proposal hash signature -> QueuedRestated(ledger, turn, proposal, hash, signature))
          channel
          uint64
          proposal
          bytes32
          (voption signature)
      Gen.map3 (fun ledger key proposal -> WantedRestated(ledger, key, proposal)) channel int64 proposal
      Gen.map3 (fun ledger target exposure -> ExposureRestated(ledger, target, exposure)) channel channel exposure
      Gen.map4 (fun ledger turn proposal s -> AnsweredRestated(ledger, turn, proposal, s)) channel uint64 proposal signature
      Gen.map2 (fun channel payments -> PaymentsRestated(channel, payments)) channel payments
      Gen.map5
          (fun channel key request amount kind -> PendingRestated(channel, key, request, amount, kind))
          channel
          int64
          request
          amount
          paymentKind
      Gen.map ObjectiveRestated objectiveRecord
      Gen.map5
          (fun peer refused seconds at upTo -> PeerRestated(peer, refused, seconds, at, upTo))
          address
          (few objective)
          int64
          (voption instant)
          (voption objective)
      Gen.map4 (fun request content at result -> RequestRestated(request, content, at, result)) request bytes32 instant result
      Gen.map2 (fun position channel -> EndedRestated(position, channel)) int64 channel
      Gen.map TombstonesRestated (few channel)
      Gen.map3 (fun peer asset ledger -> LedgerListed(peer, asset, ledger)) address address channel
      Gen.map2 (fun effect intent -> IntentRestated(EffectId effect, intent)) int64 intent
      Gen.map2 (fun due topic -> WakeRestated(due, topic)) instant topic
      Gen.map2 (fun peer doubts -> StaleRestated(peer, doubts)) address (few (Gen.map2 (fun id since -> id, since) channel instant))
      Gen.map RestoredRestated (few address) ]
    |> List.map (Gen.map Restated)
