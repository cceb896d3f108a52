namespace Nitro.Wire

open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// The API's results and notifications as JSON. Keys and their order are the reference's (section 8.4).
module internal ViewV1 =
    let private object' (write: Utf8JsonWriter -> unit) =
        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            write writer
            writer.WriteEndObject())

    let private array (write: 'T -> Utf8JsonWriter -> unit) (items: 'T list) =
        JsonWrite.encode (fun writer ->
            writer.WriteStartArray()

            for item in items do
                writer.WriteStartObject()
                write item writer
                writer.WriteEndObject()

            writer.WriteEndArray())

    let text (value: string) = JsonWrite.encode (fun writer -> writer.WriteStringValue value)

    let private writeLedger (view: LedgerView) (writer: Utf8JsonWriter) =
        JsonWrite.bytes32 "ID" view.Id.Value writer
        JsonWrite.string "Status" view.Status writer

        writer
        |> JsonWrite.nested "Balance" (fun writer ->
            JsonWrite.address "AssetAddress" view.Asset writer
            JsonWrite.address "Me" view.Me writer
            JsonWrite.address "Them" view.Them writer
            JsonWrite.hexAmount "MyBalance" view.MyBalance writer
            JsonWrite.hexAmount "TheirBalance" view.TheirBalance writer)

        if view.MayBeStale then JsonWrite.boolean "MayBeStale" true writer

    let private writePayment (view: PaymentView) (writer: Utf8JsonWriter) =
        JsonWrite.bytes32 "ID" view.Id.Value writer
        JsonWrite.string "Status" view.Status writer

        writer
        |> JsonWrite.nested "Balance" (fun writer ->
            JsonWrite.address "AssetAddress" view.Asset writer
            JsonWrite.address "Payee" view.Payee writer
            JsonWrite.address "Payer" view.Payer writer
            JsonWrite.hexAmount "PaidSoFar" view.Paid writer
            JsonWrite.hexAmount "RemainingFunds" view.Remaining writer)

        if view.MayBeStale then JsonWrite.boolean "MayBeStale" true writer

    let private writeObjective (view: ObjectiveView) (writer: Utf8JsonWriter) =
        JsonWrite.string "Id" (view.Id.ToString()) writer
        JsonWrite.string "Status" view.Status writer
        JsonWrite.string "WaitingFor" view.WaitingFor writer
        writer.WriteNumber("Since", view.Since.Micros / 1_000_000L)
        JsonWrite.string "Reason" view.Reason writer
        JsonWrite.texts "Peers" (view.Peers |> List.map Text.checksum) writer

    let ledger view = object' (writeLedger view)
    let ledgers views = array writeLedger views
    let payment view = object' (writePayment view)
    let payments views = array writePayment views
    let objective view = object' (writeObjective view)
    let objectives views = array writeObjective views

    let private writeVoucher (voucher: Voucher) signature (writer: Utf8JsonWriter) =
        JsonWrite.bytes32 "ChannelId" voucher.Channel.Value writer
        JsonWrite.amount "Amount" voucher.Total writer
        JsonWrite.signature "Signature" (ValueSome signature) writer

    /// Objectives that open a channel answer with both ids, those that close one with their own alone.
    let private started (id: ObjectiveId) =
        match id.Kind with
        | DirectFunding
        | VirtualFunding ->
            object' (fun writer ->
                JsonWrite.string "Id" (id.ToString()) writer
                JsonWrite.bytes32 "ChannelId" id.Channel.Value writer)
        | DirectDefunding
        | VirtualDefunding -> text (id.ToString())

    /// The result of a command; a failure has none.
    let answer (answer: Answer) : Result<byte[], Problem> =
        match answer with
        | ObjectiveStarted id -> Ok(started id)
        | Paid(channel, amount) ->
            Ok(
                object' (fun writer ->
                    JsonWrite.amount "Amount" amount writer
                    JsonWrite.bytes32 "Channel" channel.Value writer)
            )
        | VoucherMade(voucher, signature) -> Ok(object' (writeVoucher voucher signature))
        | VoucherCounted(total, delta) ->
            Ok(
                object' (fun writer ->
                    JsonWrite.amount "Total" total writer
                    JsonWrite.amount "Delta" delta writer)
            )
        | Acknowledged -> Ok(JsonWrite.encode (fun writer -> writer.WriteBooleanValue true))
        | Failed problem -> Error problem

    let private paymentRecord (RequestId request) (record: RequestRecord) (status: string) (reason: string) =
        object' (fun writer ->
            JsonWrite.string "RequestId" request writer
            JsonWrite.string "Status" status writer

            match record.Result with
            | Payment(channel, amount, total, _, _) ->
                JsonWrite.bytes32 "Channel" channel.Value writer
                JsonWrite.amount "Amount" amount writer
                JsonWrite.amount "Total" total writer
            | PaymentFailed(channel, _) -> JsonWrite.bytes32 "Channel" channel.Value writer
            | Bound id -> JsonWrite.string "Objective" (id.ToString()) writer

            JsonWrite.string "Reason" reason writer)

    let request (state: NodeState) id (record: RequestRecord) =
        match record.Result with
        | Payment(channel, _, total, _, _) ->
            let issued =
                match NodeState.channel channel state with
                | ValueSome { Payments = ValueSome payments } -> payments.Issued
                | _ -> Amount.zero

            paymentRecord id record (if issued >= total then "Paid" else "Pending") ""
        | PaymentFailed(_, tag) -> paymentRecord id record "Refused" tag
        | Bound _ -> paymentRecord id record "Started" ""

    let private missing message next : Result<byte[], Problem> =
        Error
            { Code = -32603
              Message = message
              Tag = "unknown-channel"
              Next = next }

    let private objectivesOf settings (state: NodeState) status =
        let views =
            [ for record in state.Objectives.Items.Values do
                  let isWanted =
                      match status, record.Ending with
                      | "", _
                      | "Open", ValueNone -> true
                      | _ -> true

                  if isWanted && (record.Ending.IsNone || status <> "Open") then Views.objective settings state record ]

        views
        |> List.filter (fun view -> status = "" || status = "Open" || view.Status = status)
        |> List.sortBy (fun view -> view.Since.Micros, view.Id)

    let query (settings: Settings) (state: NodeState) (query: Query) : Result<byte[], Problem> =
        match query with
        | GetAddress -> Ok(text (Text.checksum settings.Me))
        | GetAllLedgerChannels -> Ok(ledgers (Views.allLedgers state))
        | GetLedgerChannel id ->
            (match NodeState.channel id state with
             | ValueSome channel when channel.Terms.IsLedger -> Ok(ledger (Views.ledger state channel))
             | _ -> missing "store: failed to find required channel data" "list the ledgers with get_all_ledger_channels")
        | GetPaymentChannel id ->
            (match NodeState.channel id state with
             | ValueSome channel when not channel.Terms.IsLedger -> Ok(payment (Views.payment state channel))
             | _ -> missing $"could not find channel with id {id}" "list the payment channels of your ledgers with get_payment_channels_by_ledger")
        | GetPaymentChannelsByLedger id -> Ok(payments (Views.paymentsOf id state))
        | GetObjective id ->
            (match NodeState.objective id state with
             | ValueSome record -> Ok(objective (Views.objective settings state record))
             | ValueNone -> missing $"no objective {id}" "list them with get_objectives")
        | GetObjectives status -> Ok(objectives (objectivesOf settings state status))
        | GetPayment id ->
            match Table.tryFind id state.Requests with
            | ValueSome record -> Ok(request state id record)
            | ValueNone ->
                Error
                    { Code = -32603
                      Message = $"no request {id} is remembered"
                      Tag = "unknown-request"
                      Next = "requests are remembered for 24 hours, the newest 100,000" }
