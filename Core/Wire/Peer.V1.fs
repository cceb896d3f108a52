namespace Nitro.Wire

open System
open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// A proposal as it came: nobody's signature yet.
type internal RawProposal =
    { Ledger: ChannelId
      Proposal: Proposal
      Turn: TurnNumber
      Signature: Signature }

/// A message's content before any signature is looked at.
type internal RawItem =
    | RawStateItem of ObjectiveId * FixedPart * VariablePart * (int * Signature) list
    | RawFinalStateWanted of ObjectiveId
    | RawProposalItem of RawProposal
    | RawVoucher of Voucher * Signature
    | RawRejection of ObjectiveId
    | RawStandingWanted of ObjectiveId * since: Instant
    | RawStanding of ObjectiveId * since: Instant voption
    | RawLedgersWanted

type internal RawMessage =
    { To: Address
      From: Address
      Items: RawItem list }

/// go-nitro's peer messages: reference section 5. What is written is byte for byte what go-nitro writes.
module internal PeerV1 =
    [<Literal>]
    let private SignedStatePayload = "SignedStatePayload"

    [<Literal>]
    let private RequestFinalStatePayload = "RequestFinalStatePayload"

    // Between ours alone: go-nitro knows none of these.
    [<Literal>]
    let private RequestStandingPayload = "RequestStandingPayload"

    [<Literal>]
    let private StandingPayload = "StandingPayload"

    // About no channel: its objective id is empty, and so is its data.
    [<Literal>]
    let private RequestLedgersPayload = "RequestLedgersPayload"

    // Writing

    /// Direct defund takes its final state from a ledger, whose app data go-nitro holds as empty, not as nil.
    let private emptyAppData (objective: ObjectiveId) =
        match objective.Kind with
        | DirectDefunding -> AsText
        | DirectFunding
        | VirtualFunding
        | VirtualDefunding -> AsNull

    let signedState emptyAppData (state: SignedState) : byte[] =
        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            writer |> JsonWrite.nested "State" (StateJson.write emptyAppData state.Fixed state.Variable)

            writer
            |> JsonWrite.nested "Sigs" (fun writer ->
                for index, signature in state.Signatures |> List.sortBy (fun (index, _) -> string index) do
                    writer |> JsonWrite.signature (string index) (ValueSome signature))

            writer.WriteEndObject())

    let private writeAbout (objective: string) (kind: string) (data: byte[]) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.bytes "PayloadData" data
        writer |> JsonWrite.string "ObjectiveId" objective
        writer |> JsonWrite.string "Type" kind

    let private writePayload (objective: ObjectiveId) = writeAbout (objective.ToString())

    let private writeProposal (said: SignedProposal) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.signature "Signature" (ValueSome said.Signature)
        writer |> JsonWrite.nested "Proposal" (StateJson.writeProposal said.Ledger said.Proposal)
        writer |> JsonWrite.uint64 "TurnNum" said.Turn

    let private writeVoucher (voucher: Voucher, signature: Signature) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.bytes32 "ChannelId" voucher.Channel.Value
        writer |> JsonWrite.amount "Amount" voucher.Total
        writer |> JsonWrite.signature "Signature" (ValueSome signature)

    /// Go writes an empty list that was never filled as `null`.
    let private listOrNull key items write (writer: Utf8JsonWriter) =
        if List.isEmpty items then writer.WriteNull(key: string) else write items writer

    let private channelOf (objective: ObjectiveId) =
        JsonWrite.encode (fun writer -> writer.WriteStringValue(objective.Channel.ToString()))

    /// When the asker began to ask, by its own clock: nothing but a mark to know the answer by.
    let private sinceOf (since: Instant) =
        JsonWrite.encode (fun writer -> writer.WriteNumberValue since.Micros)

    let private payload item =
        match item with
        | StateItem(objective, state) -> Some(writePayload objective SignedStatePayload (signedState (emptyAppData objective) state))
        | FinalStateWantedItem objective -> Some(writePayload objective RequestFinalStatePayload (channelOf objective))
        | StandingWantedItem(objective, since) -> Some(writePayload objective RequestStandingPayload (sinceOf since))
        | StandingItem(objective, since) -> Some(writePayload objective StandingPayload (since |> ValueOption.map sinceOf |> ValueOption.defaultValue [||]))
        | LedgersWantedItem -> Some(writeAbout "" RequestLedgersPayload [||])
        | ProposalItem _
        | VoucherItem _
        | RejectionItem _ -> None

    /// One line without its line feed.
    let encode (receiver: Address) (message: PeerMessage) : byte[] =
        let payloads = message.Items |> List.choose payload
        let proposals = message.Items |> List.choose (fun item -> match item with ProposalItem said -> Some said | _ -> None)
        let vouchers = message.Items |> List.choose (fun item -> match item with VoucherItem(v, s, _) -> Some(v, s) | _ -> None)
        let rejections = message.Items |> List.choose (fun item -> match item with RejectionItem id -> Some(id.ToString()) | _ -> None)

        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            writer |> JsonWrite.address "To" receiver
            writer |> JsonWrite.address "From" message.From
            writer |> listOrNull "ObjectivePayloads" payloads (JsonWrite.list "ObjectivePayloads" (fun write -> write))
            writer |> listOrNull "LedgerProposals" proposals (JsonWrite.list "LedgerProposals" writeProposal)
            writer |> listOrNull "Payments" vouchers (JsonWrite.list "Payments" writeVoucher)
            writer |> listOrNull "RejectedObjectives" rejections (JsonWrite.texts "RejectedObjectives")
            writer.WriteEndObject())

    // Reading

    let private entry (name: string) (element: JsonElement) : Read<int * Signature> =
        let text = if element.ValueKind = JsonValueKind.String then element.GetString() |> string else ""

        match Int32.TryParse(name, Globalization.NumberStyles.None, Globalization.CultureInfo.InvariantCulture), Text.signature text with
        | (true, index), ValueSome(ValueSome signature) -> Ok(index, signature)
        | _ -> Error "expected a participant index and a signature"

    /// A `SignedState` document.
    let readSignedState (data: ReadOnlyMemory<byte>) : Read<struct (FixedPart * VariablePart * (int * Signature) list)> =
        Json.decode data (fun root ->
            read {
                let! struct (fixedPart, variable) = Json.nested "State" (StateJson.read Json.destinationLenient) root
                let! signatures = Json.entries "Sigs" entry root
                return struct (fixedPart, variable, signatures)
            })

    let private objectiveId key parent : Read<ObjectiveId> =
        Json.string key parent
        |> Result.bind (fun text ->
            match ObjectiveId.tryParse text with
            | ValueSome id -> Ok id
            | ValueNone -> Error $"{key}: expected an objective id")

    /// A payload that says no more than which channel it is about.
    let private aboutChannel make (objective: ObjectiveId) (data: byte[]) : Read<RawItem> =
        Json.decode data (fun root ->
            if root.ValueKind = JsonValueKind.String then Ok(Text.destinationLenient (root.GetString() |> string))
            else Error "PayloadData: expected a channel id")
        |> Result.bind (fun id ->
            if ChannelId id = objective.Channel then Ok(make objective)
            else Error "PayloadData: the channel is not the objective's")

    let private readSince (data: byte[]) : Read<Instant> =
        Json.decode data (fun root ->
            match (if root.ValueKind = JsonValueKind.Number then root.TryGetInt64() else (false, 0L)) with
            | true, micros -> Ok(Instant micros)
            | _ -> Error "PayloadData: expected microseconds")

    let private readAbout kind (element: JsonElement) : Read<RawItem> =
        read {
            let! objective = objectiveId "ObjectiveId" element
            let! data = Json.bytes "PayloadData" element

            match kind with
            | SignedStatePayload ->
                let! struct (fixedPart, variable, signatures) = readSignedState data
                return RawStateItem(objective, fixedPart, variable, signatures)
            | RequestFinalStatePayload -> return! aboutChannel RawFinalStateWanted objective data
            | RequestStandingPayload ->
                let! since = readSince data
                return RawStandingWanted(objective, since)
            | StandingPayload when data.Length = 0 -> return RawStanding(objective, ValueNone)
            | StandingPayload ->
                let! since = readSince data
                return RawStanding(objective, ValueSome since)
            | other -> return! Error $"unknown payload type {other}"
        }

    let private readPayload (element: JsonElement) : Read<RawItem> =
        Json.string "Type" element
        |> Result.bind (fun kind ->
            match kind with
            | RequestLedgersPayload -> Ok RawLedgersWanted
            | _ -> readAbout kind element)

    let private required key (signature: Signature voption) : Read<Signature> =
        match signature with
        | ValueSome found -> Ok found
        | ValueNone -> Error $"{key}: expected a signature"

    let private readProposal (element: JsonElement) : Read<RawItem> =
        read {
            let! given = Json.signature "Signature" element
            let! signature = required "Signature" given
            let! struct (ledger, proposal) = Json.nested "Proposal" (StateJson.readProposal Json.destinationLenient) element
            let! turn = Json.uint64 "TurnNum" element

            return
                RawProposalItem
                    { Ledger = ledger
                      Proposal = proposal
                      Turn = turn
                      Signature = signature }
        }

    let private readVoucher (element: JsonElement) : Read<RawItem> =
        read {
            let! channel = Json.destinationLenient "ChannelId" element
            let! amount = Json.amount "Amount" element
            let! given = Json.signature "Signature" element
            let! signature = required "Signature" given
            return RawVoucher({ Channel = ChannelId channel; Total = amount }, signature)
        }

    let private readRejections parent : Read<RawItem list> =
        Json.texts "RejectedObjectives" "an objective id" ObjectiveId.tryParse parent
        |> Result.map (List.map RawRejection)

    /// In the order in which a message is handled: payloads, proposals, rejections, vouchers.
    let decode (frame: ReadOnlyMemory<byte>) : Read<RawMessage> =
        Json.decode frame (fun root ->
            read {
                if root.ValueKind <> JsonValueKind.Object then
                    return! Error "expected a message, a JSON object"
                else
                    let! receiver = Json.address "To" root
                    let! sender = Json.address "From" root
                    let! payloads = Json.list "ObjectivePayloads" readPayload root
                    let! proposals = Json.list "LedgerProposals" readProposal root
                    let! rejections = readRejections root
                    let! vouchers = Json.list "Payments" readVoucher root

                    return
                        { To = receiver
                          From = sender
                          Items = payloads @ proposals @ rejections @ vouchers }
            })
