namespace Nitro.Wire

open System.Text.Json
open Nitro.Kernel
open Nitro.Node

/// Promises in the journal: one flat object, whose `kind` says both what to do and about what.
module internal IntentV1 =
    let private writeState kind channel turn hash (writer: Utf8JsonWriter) =
        writer |> JsonWrite.string "kind" kind
        writer |> FieldsV1.writeChannel "channel" channel
        writer |> JsonWrite.uint64 "turn" turn
        writer |> JsonWrite.bytes32 "hash" hash

    let private writeSigning (signing: Signing) (writer: Utf8JsonWriter) =
        match signing with
        | OwnState(channel, turn, hash) -> writer |> writeState "signState" channel turn hash
        | LedgerUpdate(ledger, turn, hash) -> writer |> writeState "signLedgerUpdate" ledger turn hash
        | PaymentVoucher(channel, total) ->
            writer |> JsonWrite.string "kind" "signVoucher"
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> FieldsV1.writeAmount "total" total

    let private writeTell kind peer (writer: Utf8JsonWriter) =
        writer |> JsonWrite.string "kind" kind
        writer |> JsonWrite.address "peer" peer

    let private writeTellState kind peer objective turn hash (writer: Utf8JsonWriter) =
        writer |> writeTell kind peer
        writer |> FieldsV1.writeObjective "objective" objective
        writer |> JsonWrite.uint64 "turn" turn
        writer |> JsonWrite.bytes32 "hash" hash

    // What was written before there was a time has none.
    let private noTime = Instant 0L

    let private writeStanding kind peer objective since (writer: Utf8JsonWriter) =
        writer |> writeTell kind peer
        writer |> FieldsV1.writeObjective "objective" objective
        since |> ValueOption.iter (fun since -> writer |> FieldsV1.writeInstant "since" since)

    let private writeTelling peer (telling: Telling) (writer: Utf8JsonWriter) =
        match telling with
        | StateOf(objective, turn, hash) -> writer |> writeTellState "tellState" peer objective turn hash
        | AllSignaturesOf(objective, turn, hash) -> writer |> writeTellState "tellAllSignatures" peer objective turn hash
        | ProposalsOf(ledger, upTo) ->
            writer |> writeTell "tellProposals" peer
            writer |> FieldsV1.writeChannel "channel" ledger
            writer |> JsonWrite.uint64 "upTo" upTo
        | AgreementOf(ledger, turn) ->
            writer |> writeTell "tellAgreement" peer
            writer |> FieldsV1.writeChannel "channel" ledger
            writer |> JsonWrite.uint64 "turn" turn
        | VoucherOf(channel, total) ->
            writer |> writeTell "tellVoucher" peer
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> FieldsV1.writeAmount "total" total
        | FinalStateWanted objective ->
            writer |> writeTell "askFinalState" peer
            writer |> FieldsV1.writeObjective "objective" objective
        | RejectionOf objective ->
            writer |> writeTell "tellRejection" peer
            writer |> FieldsV1.writeObjective "objective" objective
        | StandingWanted(objective, since) -> writer |> writeStanding "askStanding" peer objective (if since = noTime then ValueNone else ValueSome since)
        | StandingOf(objective, since) -> writer |> writeStanding "tellStanding" peer objective since
        | LedgersWanted -> writer |> writeTell "askLedgers" peer

    let private writeCall (call: ChainCall) (writer: Utf8JsonWriter) =
        match call with
        | Deposit(channel, expectedHeld, amount) ->
            writer |> JsonWrite.string "kind" "deposit"
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> FieldsV1.writeAmount "expectedHeld" expectedHeld
            writer |> FieldsV1.writeAmount "amount" amount
        | ConcludeAndTransfer channel ->
            writer |> JsonWrite.string "kind" "concludeAndTransfer"
            writer |> FieldsV1.writeChannel "channel" channel
        | ReadHoldings channel ->
            writer |> JsonWrite.string "kind" "readHoldings"
            writer |> FieldsV1.writeChannel "channel" channel

    let write (intent: Intent) (writer: Utf8JsonWriter) =
        match intent with
        | SignPayload signing -> writeSigning signing writer
        | Tell(peer, telling) -> writeTelling peer telling writer
        | SubmitCall call -> writeCall call writer

    let private stateOf make parent : Read<'T> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! turn = FieldsV1.uint64 "turn" parent
            let! hash = FieldsV1.bytes32 "hash" parent
            return make (channel, turn, hash)
        }

    let private turnOf key make parent : Read<'T> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! turn = FieldsV1.uint64 key parent
            return make (channel, turn)
        }

    let private totalOf make parent : Read<'T> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! total = FieldsV1.amount "total" parent
            return make (channel, total)
        }

    let private objectiveStateOf make parent : Read<Telling> =
        read {
            let! objective = FieldsV1.objective "objective" parent
            let! turn = FieldsV1.uint64 "turn" parent
            let! hash = FieldsV1.bytes32 "hash" parent
            return make (objective, turn, hash)
        }

    let private standingOf make parent : Read<Telling> =
        read {
            let! objective = FieldsV1.objective "objective" parent
            let! since = FieldsV1.addedInstant "since" parent
            return make (objective, since)
        }

    let private depositOf parent : Read<ChainCall> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! expectedHeld = FieldsV1.amount "expectedHeld" parent
            let! amount = FieldsV1.amount "amount" parent
            return Deposit(channel, expectedHeld, amount)
        }

    let private sign (reader: JsonElement -> Read<Signing>) parent : Read<Intent> = reader parent |> Result.map SignPayload
    let private submit (reader: JsonElement -> Read<ChainCall>) parent : Read<Intent> = reader parent |> Result.map SubmitCall

    let private tell (reader: JsonElement -> Read<Telling>) parent : Read<Intent> =
        read {
            let! peer = FieldsV1.address "peer" parent
            let! telling = reader parent
            return Tell(peer, telling)
        }

    let private intentKind (word: string) : (JsonElement -> Read<Intent>) voption =
        match word with
        | "signState" -> ValueSome(sign (stateOf OwnState))
        | "signLedgerUpdate" -> ValueSome(sign (stateOf LedgerUpdate))
        | "signVoucher" -> ValueSome(sign (totalOf PaymentVoucher))
        | "tellState" -> ValueSome(tell (objectiveStateOf StateOf))
        | "tellAllSignatures" -> ValueSome(tell (objectiveStateOf AllSignaturesOf))
        | "tellProposals" -> ValueSome(tell (turnOf "upTo" ProposalsOf))
        | "tellAgreement" -> ValueSome(tell (turnOf "turn" AgreementOf))
        | "tellVoucher" -> ValueSome(tell (totalOf VoucherOf))
        | "askFinalState" -> ValueSome(tell (FieldsV1.objective "objective" >> Result.map FinalStateWanted))
        | "tellRejection" -> ValueSome(tell (FieldsV1.objective "objective" >> Result.map RejectionOf))
        | "askStanding" -> ValueSome(tell (standingOf (fun (objective, since) -> StandingWanted(objective, ValueOption.defaultValue noTime since))))
        | "tellStanding" -> ValueSome(tell (standingOf StandingOf))
        | "askLedgers" -> ValueSome(tell (fun _ -> Ok LedgersWanted))
        | "deposit" -> ValueSome(submit depositOf)
        | "concludeAndTransfer" -> ValueSome(submit (FieldsV1.channel "channel" >> Result.map ConcludeAndTransfer))
        | "readHoldings" -> ValueSome(submit (FieldsV1.channel "channel" >> Result.map ReadHoldings))
        | _ -> ValueNone

    let read parent : Read<Intent> =
        FieldsV1.oneOf "the kinds of intents" intentKind "kind" parent |> Result.bind (fun reader -> reader parent)

    let writeFinish (finish: Finish) (writer: Utf8JsonWriter) =
        match finish with
        | Kept -> writer |> JsonWrite.string "finish" "kept"
        | Refused tag ->
            writer |> JsonWrite.string "finish" "refused"
            writer |> JsonWrite.string "tag" tag
        | Superseded -> writer |> JsonWrite.string "finish" "superseded"

    let private finishKind (word: string) : (JsonElement -> Read<Finish>) voption =
        match word with
        | "kept" -> ValueSome(fun _ -> Ok Kept)
        | "refused" -> ValueSome(FieldsV1.string "tag" >> Result.map Refused)
        | "superseded" -> ValueSome(fun _ -> Ok Superseded)
        | _ -> ValueNone

    let readFinish parent : Read<Finish> =
        FieldsV1.oneOf "kept, refused, superseded" finishKind "finish" parent |> Result.bind (fun reader -> reader parent)

    let writeTopic (topic: Topic) (writer: Utf8JsonWriter) =
        match topic with
        | OpeningDeadline objective ->
            writer |> JsonWrite.string "kind" "openingDeadline"
            writer |> FieldsV1.writeObjective "objective" objective
        | Retelling peer ->
            writer |> JsonWrite.string "kind" "retelling"
            writer |> JsonWrite.address "peer" peer
        | ChainRetry channel ->
            writer |> JsonWrite.string "kind" "chainRetry"
            writer |> FieldsV1.writeChannel "channel" channel
        | ConcludeInstead channel ->
            writer |> JsonWrite.string "kind" "concludeInstead"
            writer |> FieldsV1.writeChannel "channel" channel

    let private topicKind (word: string) : (JsonElement -> Read<Topic>) voption =
        match word with
        | "openingDeadline" -> ValueSome(FieldsV1.objective "objective" >> Result.map OpeningDeadline)
        | "retelling" -> ValueSome(FieldsV1.address "peer" >> Result.map Retelling)
        | "chainRetry" -> ValueSome(FieldsV1.channel "channel" >> Result.map ChainRetry)
        | "concludeInstead" -> ValueSome(FieldsV1.channel "channel" >> Result.map ConcludeInstead)
        | _ -> ValueNone

    let readTopic parent : Read<Topic> =
        FieldsV1.oneOf "openingDeadline, retelling, chainRetry, concludeInstead" topicKind "kind" parent
        |> Result.bind (fun reader -> reader parent)
