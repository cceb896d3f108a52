namespace Nitro.Wire

open System.Text.Json
open Nitro.Kernel
open Nitro.Node

/// The bodies of an epoch's opening, read.
module internal RestatedReadV1 =
    let private signed parent =
        read {
            let! turn = FieldsV1.uint64 "turn" parent
            let! hash = FieldsV1.bytes32 "hash" parent
            let! party = FieldsV1.index "party" parent
            let! signature = FieldsV1.signature "signature" parent
            return struct (turn, hash, party, signature)
        }

    let private told parent : Read<struct (Address * Telling)> =
        match IntentV1.read parent with
        | Ok(Tell(peer, telling)) -> Ok(struct (peer, telling))
        | Ok(SignPayload _ | SubmitCall _) -> Error "kind: expected one that tells"
        | Error text -> Error text

    let private channel parent : Read<Restatement> =
        read {
            let! terms = TermsV1.read parent
            let! movedAt = FieldsV1.instant "movedAt" parent
            let! seen = FieldsV1.list "seen" StatesV1.readVariable parent
            let! signed = FieldsV1.list "signed" signed parent
            let! held = FieldsV1.amount "held" parent
            let! heldAt = FieldsV1.nested "heldAt" ChainPositionV1.read parent
            let! paidOut = FieldsV1.amount "paidOut" parent
            let! paidAt = FieldsV1.nested "paidAt" ChainPositionV1.read parent
            let! doubtful = FieldsV1.boolean "doubtful" parent
            let! told = FieldsV1.list "told" told parent
            let! chainAttempts = FieldsV1.index "chainAttempts" parent
            let! chainRetryAt = FieldsV1.instantOption "chainRetryAt" parent
            let! mayConclude = FieldsV1.boolean "mayConclude" parent

            return
                ChannelRestated
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

    let private ledger parent : Read<Restatement> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! turn = FieldsV1.uint64 "turn" parent
            let! agreed = FieldsV1.nested "agreed" StatesV1.readLedger parent
            let! leaderSignature = FieldsV1.signature "leaderSignature" parent
            let! followerSignature = FieldsV1.signature "followerSignature" parent
            let! nextWanted = FieldsV1.int64 "nextWanted" parent
            return LedgerRestated(ledger, agreed, turn, leaderSignature, followerSignature, nextWanted)
        }

    let private guarantee parent : Read<Restatement> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! guarantee = FieldsV1.nested "guarantee" StatesV1.readGuarantee parent
            return GuaranteeRestated(ledger, guarantee)
        }

    let private givenUp parent : Read<Restatement> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! peer = FieldsV1.address "peer" parent
            return GivenUpRestated(channel, peer)
        }

    let private queued parent : Read<Restatement> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! turn = FieldsV1.uint64 "turn" parent
            let! proposal = FieldsV1.nested "proposal" StatesV1.readProposal parent
            let! hash = FieldsV1.bytes32 "hash" parent
            let! leaderSignature = FieldsV1.signatureOption "leaderSignature" parent
            return QueuedRestated(ledger, turn, proposal, hash, leaderSignature)
        }

    let private wanted parent : Read<Restatement> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! key = FieldsV1.int64 "key" parent
            let! proposal = FieldsV1.nested "proposal" StatesV1.readProposal parent
            return WantedRestated(ledger, key, proposal)
        }

    let private reserved parent =
        read {
            let! leader = FieldsV1.amount "leader" parent
            let! follower = FieldsV1.amount "follower" parent
            return struct (leader, follower)
        }

    let private exposure parent : Read<Restatement> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! target = FieldsV1.channel "target" parent
            let! amount = FieldsV1.amount "amount" parent
            let! unenforceable = FieldsV1.boolean "unenforceable" parent
            let! locked = FieldsV1.boolean "locked" parent
            let! reserved = FieldsV1.nestedOption "reserved" reserved parent

            let exposure =
                { Amount = amount
                  Unenforceable = unenforceable
                  Locked = locked
                  Reserved = reserved }

            return ExposureRestated(ledger, target, exposure)
        }

    let private answered parent : Read<Restatement> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! turn = FieldsV1.uint64 "turn" parent
            let! proposal = FieldsV1.nested "proposal" StatesV1.readProposal parent
            let! signature = FieldsV1.signature "signature" parent
            return AnsweredRestated(ledger, turn, proposal, signature)
        }

    let private payments parent : Read<Restatement> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! issued = FieldsV1.amount "issued" parent
            let! issuedSignature = FieldsV1.signatureOption "issuedSignature" parent
            let! issuedToTell = FieldsV1.boolean "issuedToTell" parent
            let! best = FieldsV1.amount "best" parent
            let! bestSignature = FieldsV1.signatureOption "bestSignature" parent
            let! nextPending = FieldsV1.int64 "nextPending" parent

            let payments: RestatedPayments =
                { Issued = issued
                  IssuedSignature = issuedSignature
                  IssuedToTell = issuedToTell
                  Best = best
                  BestSignature = bestSignature
                  NextPending = nextPending }

            return PaymentsRestated(channel, payments)
        }

    let private pending parent : Read<Restatement> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! key = FieldsV1.int64 "key" parent
            let! request = FieldsV1.request "request" parent
            let! amount = FieldsV1.amount "amount" parent
            let! kind = PaymentKindV1.read "kind" parent
            return PendingRestated(channel, key, request, amount, kind)
        }

    let private objective parent : Read<Restatement> =
        read {
            let! goal = FieldsV1.nested "goal" GoalV1.read parent
            let! origin = GoalV1.readOrigin "origin" parent
            let! opened = FieldsV1.instant "opened" parent
            let! deadline = FieldsV1.instantOption "deadline" parent
            let! approved = FieldsV1.boolean "approved" parent
            let! undoing = FieldsV1.stringOption "undoing" parent
            let! ending = FieldsV1.nestedOption "ending" GoalV1.readEnding parent

            return
                ObjectiveRestated
                    { Goal = goal
                      Origin = origin
                      Opened = opened
                      Deadline = deadline
                      Approved = approved
                      Undoing = undoing
                      Ending = ending }
        }

    let private peer parent : Read<Restatement> =
        read {
            let! peer = FieldsV1.address "peer" parent
            let! refused = FieldsV1.objectives "refused" parent
            let! retellSeconds = FieldsV1.int64 "retellSeconds" parent
            let! retellAt = FieldsV1.instantOption "retellAt" parent
            let! retoldUpTo = FieldsV1.objectiveOption "retoldUpTo" parent
            return PeerRestated(peer, refused, retellSeconds, retellAt, retoldUpTo)
        }

    let private bound parent : Read<RequestResult> = FieldsV1.objective "objective" parent |> Result.map Bound

    let private payment parent : Read<RequestResult> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! amount = FieldsV1.amount "amount" parent
            let! total = FieldsV1.amount "total" parent
            let! kind = PaymentKindV1.read "payment" parent
            let! voucher = FieldsV1.signatureOption "voucher" parent
            return Payment(channel, amount, total, kind, voucher)
        }

    let private paymentFailed parent : Read<RequestResult> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! tag = FieldsV1.string "tag" parent
            return PaymentFailed(channel, tag)
        }

    let private resultKind (word: string) : (JsonElement -> Read<RequestResult>) voption =
        match word with
        | "bound" -> ValueSome bound
        | "payment" -> ValueSome payment
        | "paymentFailed" -> ValueSome paymentFailed
        | _ -> ValueNone

    let private result parent : Read<RequestResult> =
        FieldsV1.oneOf "bound, payment, paymentFailed" resultKind "kind" parent |> Result.bind (fun reader -> reader parent)

    let private request parent : Read<Restatement> =
        read {
            let! request = FieldsV1.request "request" parent
            let! content = FieldsV1.bytes32 "content" parent
            let! at = FieldsV1.instant "at" parent
            let! result = FieldsV1.nested "result" result parent
            return RequestRestated(request, content, at, result)
        }

    let private ended parent : Read<Restatement> =
        read {
            let! position = FieldsV1.int64 "position" parent
            let! channel = FieldsV1.channel "channel" parent
            return EndedRestated(position, channel)
        }

    let private listed parent : Read<Restatement> =
        read {
            let! peer = FieldsV1.address "peer" parent
            let! asset = FieldsV1.address "asset" parent
            let! ledger = FieldsV1.channel "channel" parent
            return LedgerListed(peer, asset, ledger)
        }

    let private intent parent : Read<Restatement> =
        read {
            let! effect = FieldsV1.int64 "effect" parent
            let! intent = FieldsV1.nested "intent" IntentV1.read parent
            return IntentRestated(EffectId effect, intent)
        }

    let private wake parent : Read<Restatement> =
        read {
            let! due = FieldsV1.instant "due" parent
            let! topic = FieldsV1.nested "topic" IntentV1.readTopic parent
            return WakeRestated(due, topic)
        }

    let private stale parent : Read<Restatement> =
        read {
            let! peer = FieldsV1.address "peer" parent
            let! channels = FieldsV1.channels "channels" parent
            let! since = FieldsV1.addedInstants "since" parent

            return!
                if since.IsEmpty then Ok(StaleRestated(peer, [ for id in channels -> id, Instant 0L ]))
                elif since.Length = channels.Length then Ok(StaleRestated(peer, List.zip channels since))
                else Error "since: expected a time for each channel"
        }

    let private restored parent : Read<Restatement> =
        FieldsV1.addresses "unasked" parent |> Result.map RestoredRestated

    let tryReader (name: string) : (JsonElement -> Read<Restatement>) voption =
        match name with
        | "ChannelRestated" -> ValueSome channel
        | "LedgerRestated" -> ValueSome ledger
        | "GivenUpRestated" -> ValueSome givenUp
        | "GuaranteeRestated" -> ValueSome guarantee
        | "QueuedRestated" -> ValueSome queued
        | "WantedRestated" -> ValueSome wanted
        | "ExposureRestated" -> ValueSome exposure
        | "AnsweredRestated" -> ValueSome answered
        | "PaymentsRestated" -> ValueSome payments
        | "PendingRestated" -> ValueSome pending
        | "ObjectiveRestated" -> ValueSome objective
        | "PeerRestated" -> ValueSome peer
        | "RequestRestated" -> ValueSome request
        | "EndedRestated" -> ValueSome ended
        | "TombstonesRestated" -> ValueSome(FieldsV1.channels "channels" >> Result.map TombstonesRestated)
        | "LedgerListed" -> ValueSome listed
        | "IntentRestated" -> ValueSome intent
        | "WakeRestated" -> ValueSome wake
        | "StaleRestated" -> ValueSome stale
        | "RestoredRestated" -> ValueSome restored
        | _ -> ValueNone
