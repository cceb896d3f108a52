namespace Nitro.Signer

open System
open Nitro.Kernel

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
