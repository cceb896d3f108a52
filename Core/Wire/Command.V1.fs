namespace Nitro.Wire

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// A question that the published state answers.
type internal Query =
    | GetAddress
    | GetLedgerChannel of ChannelId
    | GetAllLedgerChannels
    | GetPaymentChannel of ChannelId
    | GetPaymentChannelsByLedger of ChannelId
    | GetObjective of ObjectiveId
    | GetObjectives of status: string
    | GetPayment of RequestId

/// The API's methods: permission and payload. Reference 8.4.
module internal CommandV1 =
    let private misfit (text: string) : Problem =
        { Code = -32009
          Message = "Could not unmarshal params object"
          Tag = "bad-params"
          Next = text }

    let private invalid next : Problem =
        { Code = -32602
          Message = "Invalid params"
          Tag = "invalid-params"
          Next = next }

    let permission (methodName: string) =
        match methodName with
        | "get_address" -> ValueSome "none"
        | "create_ledger_channel"
        | "close_ledger_channel"
        | "create_payment_channel"
        | "close_payment_channel"
        | "pay"
        | "create_voucher"
        | "approve_objective"
        | "reject_objective" -> ValueSome "sign"
        | "receive_voucher"
        | "get_payment_channel"
        | "get_ledger_channel"
        | "get_all_ledger_channels"
        | "get_payment_channels_by_ledger"
        | "get_objective"
        | "get_objectives"
        | "get_payment" -> ValueSome "read"
        | _ -> ValueNone

    let isCommand (methodName: string) =
        match methodName with
        | "receive_voucher" -> true
        | _ -> permission methodName = ValueSome "sign"

    /// Of the commands, those that somebody's signature must follow before anything comes of them.
    let needsSignature (methodName: string) =
        match methodName with
        | "receive_voucher"
        | "reject_objective" -> false
        | _ -> isCommand methodName

    let private decode (payload: ReadOnlyMemory<byte>) reader : Result<'T, Problem> =
        let bytes = if payload.IsEmpty then ReadOnlyMemory("{}"B) else payload
        Json.decode bytes reader |> Result.mapError misfit

    let private channelId key payload : Result<ChannelId, Problem> =
        decode payload (Json.bytes32 key) |> Result.map ChannelId

    let private nonZeroChannel key payload =
        channelId key payload
        |> Result.bind (fun id -> if id.Value = Bytes32.zero then Error(invalid $"{key} must be a channel id") else Ok id)

    let private objectiveId payload : Result<ObjectiveId, Problem> =
        decode payload (Json.string "Id")
        |> Result.bind (fun text ->
            match ObjectiveId.tryParse text with
            | ValueSome id -> Ok id
            | ValueNone -> Error(invalid "Id must be an objective id such as DirectFunding-0x..."))

    let private payment kind payload =
        decode payload (fun root ->
            read {
                let! amount = Json.amount "Amount" root
                let! channel = Json.bytes32 "Channel" root
                return amount, ChannelId channel
            })
        |> Result.bind (fun (amount, channel) ->
            if amount.IsZero then Error(invalid "Amount must be positive")
            elif channel.Value = Bytes32.zero then Error(invalid "Channel must be a channel id")
            else Ok(Pay(channel, amount, kind)))

    let private createLedger nonce payload =
        decode payload (fun root ->
            read {
                let! counterparty = Json.address "CounterParty" root
                let! seconds = Json.uint32 "ChallengeDuration" root
                let! outcome = StateJson.readOutcome Json.destinationStrict "Outcome" root
                return CreateLedger(counterparty, seconds, outcome, nonce)
            })

    let private createPayment nonce payload =
        decode payload (fun root ->
            read {
                let! intermediaries = Json.addresses "Intermediaries" root
                let! counterparty = Json.address "CounterParty" root
                let! seconds = Json.uint32 "ChallengeDuration" root
                let! outcome = StateJson.readOutcome Json.destinationStrict "Outcome" root
                return CreatePaymentChannel(intermediaries, counterparty, seconds, outcome, nonce)
            })

    let private receiveVoucher (recover: Recover) payload =
        decode payload (fun root ->
            read {
                let! channel = Json.bytes32 "ChannelId" root
                let! amount = Json.amount "Amount" root
                let! signature = Json.signature "Signature" root
                return { Channel = ChannelId channel; Total = amount }, signature
            })
        |> Result.bind (fun (voucher, signature) ->
            match signature with
            | ValueNone -> Error(invalid "Signature is missing")
            | ValueSome given ->
                let signer = recover.Invoke(Digest.personal (Voucher.hash voucher), given)
                Ok(ReceiveVoucher(voucher, given, signer)))

    let private rejectObjective payload =
        objectiveId payload
        |> Result.bind (fun id -> decode payload (Json.string "Reason") |> Result.map (fun reason -> RejectObjective(id, reason)))

    /// `nonce`: randomness for a channel that may be created.
    let command (recover: Recover) nonce (methodName: string) payload : Result<Command, Problem> =
        match methodName with
        | "create_ledger_channel" -> createLedger nonce payload
        | "close_ledger_channel" -> channelId "ChannelId" payload |> Result.map CloseLedger
        | "create_payment_channel" -> createPayment nonce payload
        | "close_payment_channel" -> channelId "ChannelId" payload |> Result.map ClosePaymentChannel
        | "pay" -> payment Sent payload
        | "create_voucher" -> payment HandedOut payload
        | "receive_voucher" -> receiveVoucher recover payload
        | "approve_objective" -> objectiveId payload |> Result.map ApproveObjective
        | "reject_objective" -> rejectObjective payload
        | other ->
            Error
                { Code = -32601
                  Message = "Method not found"
                  Tag = "unknown-method"
                  Next = $"{other} is not a method of this node" }

    let query (methodName: string) payload : Result<Query, Problem> =
        match methodName with
        | "get_address" -> Ok GetAddress
        | "get_all_ledger_channels" -> Ok GetAllLedgerChannels
        | "get_ledger_channel" -> channelId "Id" payload |> Result.map GetLedgerChannel
        | "get_payment_channel" -> nonZeroChannel "Id" payload |> Result.map GetPaymentChannel
        | "get_payment_channels_by_ledger" -> nonZeroChannel "LedgerId" payload |> Result.map GetPaymentChannelsByLedger
        | "get_objective" -> objectiveId payload |> Result.map GetObjective
        | "get_objectives" -> decode payload (Json.string "Status") |> Result.map GetObjectives
        | "get_payment" -> decode payload (Json.string "requestId") |> Result.map (RequestId >> GetPayment)
        | other ->
            Error
                { Code = -32601
                  Message = "Method not found"
                  Tag = "unknown-method"
                  Next = $"{other} is not a method of this node" }

    /// What makes two requests the same: method and payload bytes.
    let content (methodName: string) (payload: ReadOnlyMemory<byte>) : Bytes32 =
        let name = Text.Encoding.UTF8.GetBytes methodName
        Keccak.hash (Array.concat [ name; [| 0uy |]; payload.ToArray() ])
