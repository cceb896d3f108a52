namespace Nitro.Signer.Policy

open System
open System.Globalization
open System.Text.Json
open Nitro.Kernel

/// What the signer's state and its configuration are both written with.
module internal PartsV1 =
    /// Seconds since 1970; never below zero.
    let writeTime (key: string) (value: int64) (writer: Utf8JsonWriter) = JsonWrite.uint64 key (uint64 (max 0L value)) writer

    let readTime key parent : Read<int64> =
        Json.uint64 key parent
        |> Result.bind (fun value -> if value <= uint64 Int64.MaxValue then Ok(int64 value) else Error $"{key}: expected a time, found a larger number")

    let readInt key parent : Read<int> =
        Json.uint32 key parent
        |> Result.bind (fun value -> if value <= uint32 Int32.MaxValue then Ok(int value) else Error $"{key}: expected a smaller number")

    let writeInt (key: string) (value: int) (writer: Utf8JsonWriter) = JsonWrite.uint64 key (uint64 (max 0 value)) writer

    let writeInts key (values: seq<int>) writer =
        JsonWrite.texts key (values |> Seq.map (fun value -> value.ToString CultureInfo.InvariantCulture)) writer

    let readInts key parent : Read<int list> =
        let convert (text: string) =
            match Int32.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture) with
            | true, value -> ValueSome value
            | _ -> ValueNone

        Json.texts key "a number" convert parent

    let writeFunds key (funds: Funds) writer =
        JsonWrite.list
            key
            (fun (entry: struct (Address * Amount)) writer ->
                let struct (asset, amount) = entry
                writer |> JsonWrite.address "asset" asset
                writer |> JsonWrite.amount "amount" amount)
            [ for KeyValue(asset, amount) in funds -> struct (asset, amount) ]
            writer

    let readFunds key parent : Read<Funds> =
        Json.list
            key
            (fun entry ->
                read {
                    let! asset = Json.address "asset" entry
                    let! amount = Json.amount "amount" entry
                    return asset, amount
                })
            parent
        |> Result.map Map.ofList

    let writeSpent (spent: Spent) (writer: Utf8JsonWriter) =
        writer |> writeTime "start" spent.Start
        writer |> JsonWrite.texts "amounts" (spent.Amounts |> List.map string)

    let readSpent parent : Read<Spent> =
        read {
            let! start = readTime "start" parent
            let! amounts = Json.texts "amounts" "an amount" Amount.tryParse parent
            return { Start = start; Amounts = amounts }
        }

    let writeWindow (window: Window) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.amount "limit" window.Limit
        writer |> writeTime "seconds" window.Seconds
        writer |> writeInt "buckets" window.Buckets

    /// A window without length or buckets would limit nothing, or divide by nothing.
    let readWindow parent : Read<Window> =
        read {
            let! limit = Json.amount "limit" parent
            let! seconds = readTime "seconds" parent
            let! buckets = readInt "buckets" parent

            if seconds < 1L || buckets < 1 || buckets > 1_000 then
                return! Error "seconds, buckets: expected at least 1 second and 1 to 1000 buckets"
            else
                return { Limit = limit; Seconds = seconds; Buckets = buckets }
        }

    let writeOption key (write: 'T -> Utf8JsonWriter -> unit) (value: 'T voption) (writer: Utf8JsonWriter) =
        match value with
        | ValueSome found -> JsonWrite.nested key (write found) writer
        | ValueNone -> ()

    let readContracts root : Read<ContractSet> =
        read {
            let! chainId = Json.uint64 "chainId" root
            let! adjudicator = Json.address "adjudicator" root
            let! consensusApp = Json.address "consensusApp" root
            let! virtualApp = Json.address "virtualPaymentApp" root
            return { ChainId = chainId; Adjudicator = adjudicator; ConsensusApp = consensusApp; VirtualPaymentApp = virtualApp }
        }
