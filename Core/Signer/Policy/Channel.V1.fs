namespace Nitro.Signer.Policy

open System
open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer

/// What a signer remembers of a channel, as bytes. JSON. Reading is total: damage is an error, never a guess.
module internal SignerChannelV1 =
    let private kinds = [ Direct, "direct"; Ledger, "ledger"; Payment, "payment" ]
    let private dialects = [ Nitro, "nitro"; GoNitro, "go-nitro" ]
    let nameOf kind = kinds |> List.tryFind (fun (known, _) -> known = kind) |> Option.map snd |> Option.defaultValue ""

    let private named key (names: ('T * string) list) parent : Read<'T> =
        Json.string key parent
        |> Result.bind (fun text ->
            match names |> List.tryFind (fun (_, name) -> name = text) with
            | Some(value, _) -> Ok value
            | None -> Error $"{key}: no such kind")

    let readKind key parent = named key kinds parent
    let dialectName dialect = match dialect with Nitro -> "nitro" | GoNitro -> "go-nitro"
    let readDialect key parent = named key dialects parent
    let private state fixedPart variable writer = StateJson.write AsText fixedPart variable writer
    let private readState parent = StateJson.read Json.destinationStrict parent
    let private readVariable parent = readState parent |> Result.map (fun (struct (_, variable)) -> variable)

    let private witnessed fixedPart (seen: Witnessed) writer =
        writer |> JsonWrite.nested "state" (state fixedPart seen.Variable)
        writer |> PartsV1.writeInts "by" seen.By

    /// The hash is computed anew, so it cannot be of another state.
    let private readWitnessed id parent : Read<Witnessed> =
        read {
            let! variable = Json.nested "state" readVariable parent
            let! by = PartsV1.readInts "by" parent

            return
                { Variable = variable
                  Hash = State.hash id variable
                  By = Set.ofList by }
        }

    let private sighting (seen: Sighting) writer =
        writer |> PartsV1.writeFunds "holdings" seen.Holdings
        writer |> JsonWrite.uint64 "height" seen.Height
        writer |> JsonWrite.uint64 "tip" seen.Tip
        writer |> PartsV1.writeTime "at" seen.At

    let private readSighting parent : Read<Sighting> =
        read {
            let! holdings = PartsV1.readFunds "holdings" parent
            let! height = Json.uint64 "height" parent
            let! tip = Json.uint64 "tip" parent
            let! at = PartsV1.readTime "at" parent
            return { Holdings = holdings; Height = height; Tip = tip; At = at }
        }

    /// A list of pairs, as a map.
    let private pairs key (write: 'K -> 'V -> Utf8JsonWriter -> unit) (map: Map<'K, 'V>) writer =
        JsonWrite.list key (fun (entry: struct ('K * 'V)) -> (let struct (k, v) = entry in write k v)) [ for KeyValue(k, v) in map -> struct (k, v) ] writer

    let private readPairs key (read: JsonElement -> Read<'K * 'V>) parent = Json.list key read parent |> Result.map Map.ofList

    let private channelIds key (ids: seq<ChannelId>) writer = JsonWrite.texts key (ids |> Seq.map string) writer
    let private readChannelIds key parent = Json.texts key "a channel id" Text.bytes32 parent |> Result.map (List.map ChannelId >> Set.ofList)

    let private channel (channel: SignerChannel) writer =
        let fixedPart = channel.Fixed
        writer |> JsonWrite.string "kind" (nameOf channel.Kind)
        writer |> JsonWrite.string "dialect" (dialectName channel.Dialect)
        writer |> PartsV1.writeInt "mine" channel.Mine
        writer |> JsonWrite.nested "opening" (state fixedPart channel.Opening)
        writer |> JsonWrite.bytes "marks" (MarksV1.encode channel.Marks)
        writer |> PartsV1.writeOption "last" (state fixedPart) channel.Last
        writer |> pairs "peerTurns" (fun party turn writer -> PartsV1.writeInt "party" party writer; JsonWrite.uint64 "turn" turn writer) channel.PeerTurns
        writer |> JsonWrite.list "pending" (witnessed fixedPart) channel.Pending
        writer |> PartsV1.writeOption "supported" (witnessed fixedPart) channel.Supported
        writer |> pairs "shares" (fun (target: ChannelId) share writer -> JsonWrite.bytes32 "target" target.Value writer; JsonWrite.amount "amount" share writer) channel.Shares
        writer |> channelIds "backing" channel.Backing
        if not channel.Leaving.IsEmpty then writer |> channelIds "leaving" channel.Leaving
        writer |> PartsV1.writeOption "sighting" sighting channel.Sighting

        writer
        |> pairs
            "deposits"
            (fun asset (signed: Deposited) writer ->
                JsonWrite.address "asset" asset writer
                JsonWrite.amount "amount" signed.Amount writer
                JsonWrite.amount "expectedHeld" signed.ExpectedHeld writer)
            channel.Deposits

        writer |> JsonWrite.amount "received" channel.Received

        writer
        |> JsonWrite.list
            "allowances"
            (fun (allowance: Allowance) writer ->
                JsonWrite.address "asset" allowance.Asset writer
                JsonWrite.amount "amount" allowance.Amount writer
                PartsV1.writeTime "expires" allowance.Expires writer)
            channel.Allowances

        writer |> JsonWrite.boolean "closeApproved" channel.CloseApproved
        writer |> pairs "proposed" (fun turn content writer -> JsonWrite.uint64 "turn" turn writer; JsonWrite.bytes32 "content" content writer) channel.Proposed
        writer |> PartsV1.writeOption "idle" (PartsV1.writeTime "since") channel.IdleSince

    let private two (first: JsonElement -> Read<'A>) (second: JsonElement -> Read<'B>) parent : Read<'A * 'B> =
        first parent |> Result.bind (fun a -> second parent |> Result.map (fun b -> a, b))

    let private readDeposited parent : Read<Deposited> =
        two (Json.amount "amount") (Json.amount "expectedHeld") parent
        |> Result.map (fun (amount, expected) -> { Amount = amount; ExpectedHeld = expected })

    let private readAllowance parent : Read<Allowance> =
        read {
            let! asset = Json.address "asset" parent
            let! amount = Json.amount "amount" parent
            let! expires = PartsV1.readTime "expires" parent
            return { Asset = asset; Amount = amount; Expires = expires }
        }

    let private readChannel parent : Read<SignerChannel> =
        read {
            let! kind = readKind "kind" parent
            let! dialect = readDialect "dialect" parent
            let! mine = PartsV1.readInt "mine" parent
            let! struct (fixedPart, opening) = Json.nested "opening" readState parent
            let id = FixedPart.channelId fixedPart
            let! marks = Json.bytes "marks" parent |> Result.bind (fun bytes -> MarksV1.decode (ReadOnlyMemory bytes))
            let! last = Json.nestedOption "last" readVariable parent
            let! peerTurns = readPairs "peerTurns" (two (PartsV1.readInt "party") (Json.uint64 "turn")) parent
            let! pending = Json.list "pending" (readWitnessed id) parent
            let! supported = Json.nestedOption "supported" (readWitnessed id) parent
            let! shares = readPairs "shares" (two (Json.bytes32 "target" >> Result.map ChannelId) (Json.amount "amount")) parent
            let! backing = readChannelIds "backing" parent
            let! leaving = if (Json.field "leaving" parent).IsSome then readChannelIds "leaving" parent else Ok Set.empty
            let! sighting = Json.nestedOption "sighting" readSighting parent
            let! deposits = readPairs "deposits" (two (Json.address "asset") readDeposited) parent
            let! received = Json.amount "received" parent
            let! allowances = Json.list "allowances" readAllowance parent
            let! closeApproved = Json.boolean "closeApproved" parent
            let! proposed = readPairs "proposed" (two (Json.uint64 "turn") (Json.bytes32 "content")) parent
            let! idle = Json.nestedOption "idle" (PartsV1.readTime "since") parent

            if mine >= fixedPart.Participants.Length || (kind = Ledger && fixedPart.Participants.Length <> 2) then
                return! Error "mine: expected one of the participants, two of them on a ledger"
            else
                return
                    { Id = id
                      Fixed = fixedPart
                      Kind = kind
                      Dialect = dialect
                      Mine = mine
                      Opening = opening
                      Marks = marks
                      Last = last
                      PeerTurns = peerTurns
                      Pending = pending
                      Supported = supported
                      Shares = shares
                      Backing = backing
                      Leaving = leaving
                      Sighting = sighting
                      Deposits = deposits
                      Received = received
                      Allowances = allowances
                      CloseApproved = closeApproved
                      Proposed = proposed
                      IdleSince = idle }
        }

    let encode (memory: SignerChannel) : byte[] =
        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            channel memory writer
            writer.WriteEndObject())

    let decode (bytes: ReadOnlyMemory<byte>) : Read<SignerChannel> = Json.decode bytes readChannel
