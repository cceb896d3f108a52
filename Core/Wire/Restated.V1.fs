namespace Nitro.Wire

open System.Text.Json
open Nitro.Kernel
open Nitro.Node

/// The bodies of an epoch's opening, written. Each restatement has a wire name of its own, like a fact.
module internal RestatedV1 =
    let nameOf (thing: Restatement) =
        match thing with
        | ChannelRestated _ -> "ChannelRestated"
        | LedgerRestated _ -> "LedgerRestated"
        | GivenUpRestated _ -> "GivenUpRestated"
        | GuaranteeRestated _ -> "GuaranteeRestated"
        | QueuedRestated _ -> "QueuedRestated"
        | WantedRestated _ -> "WantedRestated"
        | ExposureRestated _ -> "ExposureRestated"
        | AnsweredRestated _ -> "AnsweredRestated"
        | PaymentsRestated _ -> "PaymentsRestated"
        | PendingRestated _ -> "PendingRestated"
        | ObjectiveRestated _ -> "ObjectiveRestated"
        | PeerRestated _ -> "PeerRestated"
        | RequestRestated _ -> "RequestRestated"
        | EndedRestated _ -> "EndedRestated"
        | TombstonesRestated _ -> "TombstonesRestated"
        | LedgerListed _ -> "LedgerListed"
        | IntentRestated _ -> "IntentRestated"
        | WakeRestated _ -> "WakeRestated"
        | StaleRestated _ -> "StaleRestated"
        | RestoredRestated _ -> "RestoredRestated"

    let private writeSigned (struct (turn, hash, party, signature)) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.uint64 "turn" turn
        writer |> JsonWrite.bytes32 "hash" hash
        writer |> FieldsV1.writeIndex "party" party
        writer |> FieldsV1.writeSignature "signature" signature

    let private writeChannel (r: RestatedChannel) (writer: Utf8JsonWriter) =
        writer |> TermsV1.write r.Terms
        writer |> FieldsV1.writeInstant "movedAt" r.MovedAt
        writer |> JsonWrite.list "seen" StatesV1.writeVariable r.Seen
        writer |> JsonWrite.list "signed" writeSigned r.Signed
        writer |> FieldsV1.writeAmount "held" r.Chain.Held
        writer |> JsonWrite.nested "heldAt" (ChainPositionV1.write r.Chain.HeldAt)
        writer |> FieldsV1.writeAmount "paidOut" r.Chain.PaidOut
        writer |> JsonWrite.nested "paidAt" (ChainPositionV1.write r.Chain.PaidAt)
        writer |> JsonWrite.boolean "doubtful" r.Chain.Doubtful
        writer |> JsonWrite.list "told" (fun (struct (peer, telling)) -> IntentV1.write (Tell(peer, telling))) r.Told
        writer |> FieldsV1.writeIndex "chainAttempts" r.Chain.Attempts
        writer |> FieldsV1.writeInstantOption "chainRetryAt" r.Chain.RetryAt
        writer |> JsonWrite.boolean "mayConclude" r.Chain.MayConclude

    let private writeTurn ledger turn (writer: Utf8JsonWriter) =
        writer |> FieldsV1.writeChannel "channel" ledger
        writer |> JsonWrite.uint64 "turn" turn

    let private writeReserved (struct (leader, follower)) (writer: Utf8JsonWriter) =
        writer |> FieldsV1.writeAmount "leader" leader
        writer |> FieldsV1.writeAmount "follower" follower

    let private writeExposure (exposure: Exposure) (writer: Utf8JsonWriter) =
        writer |> FieldsV1.writeAmount "amount" exposure.Amount
        writer |> JsonWrite.boolean "unenforceable" exposure.Unenforceable
        writer |> JsonWrite.boolean "locked" exposure.Locked
        writer |> FieldsV1.writeOption (fun key both -> JsonWrite.nested key (writeReserved both)) "reserved" exposure.Reserved

    let private writePayments (r: RestatedPayments) (writer: Utf8JsonWriter) =
        writer |> FieldsV1.writeAmount "issued" r.Issued
        writer |> FieldsV1.writeOption FieldsV1.writeSignature "issuedSignature" r.IssuedSignature
        writer |> JsonWrite.boolean "issuedToTell" r.IssuedToTell
        writer |> FieldsV1.writeAmount "best" r.Best
        writer |> FieldsV1.writeOption FieldsV1.writeSignature "bestSignature" r.BestSignature
        writer |> FieldsV1.writeInt64 "nextPending" r.NextPending

    let private writeObjective (record: ObjectiveRecord) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.nested "goal" (GoalV1.write record.Goal)
        writer |> GoalV1.writeOrigin "origin" record.Origin
        writer |> FieldsV1.writeInstant "opened" record.Opened
        writer |> FieldsV1.writeInstantOption "deadline" record.Deadline
        writer |> JsonWrite.boolean "approved" record.Approved
        writer |> FieldsV1.writeOption JsonWrite.string "undoing" record.Undoing
        writer |> FieldsV1.writeOption (fun key ending -> JsonWrite.nested key (GoalV1.writeEnding ending)) "ending" record.Ending

    let private writeResult (result: RequestResult) (writer: Utf8JsonWriter) =
        match result with
        | Bound objective ->
            writer |> JsonWrite.string "kind" "bound"
            writer |> FieldsV1.writeObjective "objective" objective
        | Payment(channel, amount, total, kind, voucher) ->
            writer |> JsonWrite.string "kind" "payment"
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> FieldsV1.writeAmount "amount" amount
            writer |> FieldsV1.writeAmount "total" total
            writer |> JsonWrite.string "payment" (PaymentKindV1.text kind)
            writer |> FieldsV1.writeOption FieldsV1.writeSignature "voucher" voucher
        | PaymentFailed(channel, tag) ->
            writer |> JsonWrite.string "kind" "paymentFailed"
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> JsonWrite.string "tag" tag

    /// The fields of a restatement's body.
    let write (thing: Restatement) (writer: Utf8JsonWriter) =
        match thing with
        | ChannelRestated r -> writer |> writeChannel r
        | LedgerRestated(ledger, agreed, turn, leaderSignature, followerSignature, nextWanted) ->
            writer |> writeTurn ledger turn
            writer |> JsonWrite.nested "agreed" (StatesV1.writeLedger agreed)
            writer |> FieldsV1.writeSignature "leaderSignature" leaderSignature
            writer |> FieldsV1.writeSignature "followerSignature" followerSignature
            writer |> FieldsV1.writeInt64 "nextWanted" nextWanted
        | GivenUpRestated(channel, peer) ->
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> JsonWrite.address "peer" peer
        | GuaranteeRestated(ledger, guarantee) ->
            writer |> FieldsV1.writeChannel "channel" ledger
            writer |> JsonWrite.nested "guarantee" (StatesV1.writeGuarantee guarantee)
        | QueuedRestated(ledger, turn, proposal, hash, leaderSignature) ->
            writer |> writeTurn ledger turn
            writer |> JsonWrite.nested "proposal" (StatesV1.writeProposal proposal)
            writer |> JsonWrite.bytes32 "hash" hash
            writer |> FieldsV1.writeOption FieldsV1.writeSignature "leaderSignature" leaderSignature
        | WantedRestated(ledger, key, proposal) ->
            writer |> FieldsV1.writeChannel "channel" ledger
            writer |> FieldsV1.writeInt64 "key" key
            writer |> JsonWrite.nested "proposal" (StatesV1.writeProposal proposal)
        | ExposureRestated(ledger, target, exposure) ->
            writer |> FieldsV1.writeChannel "channel" ledger
            writer |> FieldsV1.writeChannel "target" target
            writer |> writeExposure exposure
        | AnsweredRestated(ledger, turn, proposal, signature) ->
            writer |> writeTurn ledger turn
            writer |> JsonWrite.nested "proposal" (StatesV1.writeProposal proposal)
            writer |> FieldsV1.writeSignature "signature" signature
        | PaymentsRestated(channel, r) ->
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> writePayments r
        | PendingRestated(channel, key, request, amount, kind) ->
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> FieldsV1.writeInt64 "key" key
            writer |> FieldsV1.writeRequest "request" request
            writer |> FieldsV1.writeAmount "amount" amount
            writer |> JsonWrite.string "kind" (PaymentKindV1.text kind)
        | ObjectiveRestated record -> writer |> writeObjective record
        | PeerRestated(peer, refused, retellSeconds, retellAt, retoldUpTo) ->
            writer |> JsonWrite.address "peer" peer
            writer |> JsonWrite.texts "refused" (refused |> Seq.map (fun id -> id.ToString()))
            writer |> FieldsV1.writeInt64 "retellSeconds" retellSeconds
            writer |> FieldsV1.writeInstantOption "retellAt" retellAt
            writer |> FieldsV1.writeOption FieldsV1.writeObjective "retoldUpTo" retoldUpTo
        | RequestRestated(request, content, at, result) ->
            writer |> FieldsV1.writeRequest "request" request
            writer |> JsonWrite.bytes32 "content" content
            writer |> FieldsV1.writeInstant "at" at
            writer |> JsonWrite.nested "result" (writeResult result)
        | EndedRestated(position, channel) ->
            writer |> FieldsV1.writeInt64 "position" position
            writer |> FieldsV1.writeChannel "channel" channel
        | TombstonesRestated channels -> writer |> JsonWrite.texts "channels" (channels |> Seq.map (fun id -> id.ToString()))
        | LedgerListed(peer, asset, ledger) ->
            writer |> JsonWrite.address "peer" peer
            writer |> JsonWrite.address "asset" asset
            writer |> FieldsV1.writeChannel "channel" ledger
        | IntentRestated(EffectId effect, intent) ->
            writer |> FieldsV1.writeInt64 "effect" effect
            writer |> JsonWrite.nested "intent" (IntentV1.write intent)
        | WakeRestated(due, topic) ->
            writer |> FieldsV1.writeInstant "due" due
            writer |> JsonWrite.nested "topic" (IntentV1.writeTopic topic)
        | StaleRestated(peer, doubts) ->
            writer |> JsonWrite.address "peer" peer
            writer |> JsonWrite.texts "channels" (doubts |> Seq.map (fun (id, _) -> id.ToString()))
            if doubts |> List.exists (fun (_, since) -> since.Micros <> 0L) then writer |> FieldsV1.writeInstants "since" (Seq.map snd doubts)
        | RestoredRestated unasked -> writer |> JsonWrite.addresses "unasked" unasked
