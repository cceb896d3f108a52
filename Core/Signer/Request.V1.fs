namespace Nitro.Signer

open System
open Nitro.Kernel
open Nitro.Protocol

/// What a signer may be asked; each kind has a key of its own.
type internal SignItem =
    /// For the channel key.
    | ChannelItem of Payload
    /// For the chain account's key.
    | TransactionItem of Transaction

/// What a signer is asked, as bytes: always the structure, never a hash. JSON.
module internal RequestV1 =
    let encode (payload: Payload) : byte[] =
        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()

            match payload with
            | StatePayload(fixedPart, variable, undoes) ->
                writer |> JsonWrite.string "kind" "state"
                writer |> JsonWrite.nested "state" (StateJson.write AsText fixedPart variable)

                match undoes with
                | ValueSome(ChannelId target) -> writer |> JsonWrite.bytes32 "undoes" target
                | ValueNone -> ()
            | VoucherPayload voucher ->
                writer |> JsonWrite.string "kind" "voucher"
                writer |> JsonWrite.bytes32 "channel" voucher.Channel.Value
                writer |> JsonWrite.amount "total" voucher.Total

            writer.WriteEndObject())

    let encodeTransaction (transaction: Transaction) : byte[] =
        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            writer |> JsonWrite.string "kind" "transaction"
            writer |> JsonWrite.uint64 "chainId" transaction.ChainId
            writer |> JsonWrite.uint64 "nonce" transaction.Nonce
            writer |> JsonWrite.amount "maxPriorityFeePerGas" transaction.MaxPriorityFeePerGas
            writer |> JsonWrite.amount "maxFeePerGas" transaction.MaxFeePerGas
            writer |> JsonWrite.uint64 "gasLimit" transaction.GasLimit

            match transaction.To with
            | ValueSome target -> writer |> JsonWrite.address "to" target
            | ValueNone -> ()

            writer |> JsonWrite.amount "value" transaction.Value
            writer |> JsonWrite.bytes "data" transaction.Data
            writer.WriteEndObject())

    let private transaction root : Read<Transaction> =
        read {
            let! chainId = Json.uint64 "chainId" root
            let! nonce = Json.uint64 "nonce" root
            let! tip = Json.amount "maxPriorityFeePerGas" root
            let! fee = Json.amount "maxFeePerGas" root
            let! gas = Json.uint64 "gasLimit" root

            // Absent is a deployment; the zero address is an address.
            let isDeployment =
                match Json.field "to" root with
                | ValueNone -> true
                | ValueSome element -> element.ValueKind = Text.Json.JsonValueKind.Null

            let! target = Json.address "to" root
            let! value = Json.amount "value" root
            let! data = Json.bytes "data" root

            return
                { ChainId = chainId
                  Nonce = nonce
                  MaxPriorityFeePerGas = tip
                  MaxFeePerGas = fee
                  GasLimit = gas
                  To = if isDeployment then ValueNone else ValueSome target
                  Value = value
                  Data = data }
        }

    let decode (body: ReadOnlyMemory<byte>) : Read<SignItem> =
        Json.decode body (fun root ->
            read {
                let! kind = Json.string "kind" root

                match kind with
                | "state" ->
                    let! struct (fixedPart, variable) = Json.nested "state" (StateJson.read Json.destinationStrict) root
                    let! undoes = Json.bytes32 "undoes" root
                    let target = if undoes = Bytes32.zero then ValueNone else ValueSome(ChannelId undoes)
                    return ChannelItem(StatePayload(fixedPart, variable, target))
                | "voucher" ->
                    let! channel = Json.bytes32 "channel" root
                    let! total = Json.amount "total" root
                    return ChannelItem(VoucherPayload { Channel = ChannelId channel; Total = total })
                | "transaction" ->
                    let! found = transaction root
                    return TransactionItem found
                | other -> return! Error $"kind: expected state, voucher or transaction, found {other}"
            })

/// A channel's marks as bytes, for the signer's own store. JSON.
module internal MarksV1 =
    let encode (marks: ChannelMarks) : byte[] =
        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            writer |> JsonWrite.amount "voucherTotal" marks.VoucherTotal
            writer |> JsonWrite.uint64 "floor" marks.Floor
            writer |> JsonWrite.boolean "final" marks.Final
            writer |> JsonWrite.boolean "postFundBarred" marks.PostFundBarred

            writer
            |> JsonWrite.nested "signed" (fun writer ->
                for KeyValue(turn, hash) in marks.Signed do
                    writer |> JsonWrite.bytes32 (string turn) hash)

            writer.WriteEndObject())

    let private signedTurn (name: string) (element: Text.Json.JsonElement) : Read<TurnNumber * Bytes32> =
        let text = if element.ValueKind = Text.Json.JsonValueKind.String then element.GetString() |> string else ""

        match UInt64.TryParse(name, Globalization.NumberStyles.None, Globalization.CultureInfo.InvariantCulture), Text.bytes32 text with
        | (true, turn), ValueSome hash -> Ok(turn, hash)
        | _ -> Error "expected a turn and a hash"

    let decode (bytes: ReadOnlyMemory<byte>) : Read<ChannelMarks> =
        Json.decode bytes (fun root ->
            read {
                let! total = Json.amount "voucherTotal" root
                let! floor = Json.uint64 "floor" root
                let! final = Json.boolean "final" root
                let! barred = Json.boolean "postFundBarred" root
                let! signed = Json.entries "signed" signedTurn root

                return
                    { Signed = Map.ofList signed
                      Floor = floor
                      VoucherTotal = total
                      Final = final
                      PostFundBarred = barred }
            })
