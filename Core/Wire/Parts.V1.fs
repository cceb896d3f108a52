namespace Nitro.Wire

open System.Text.Json
open Nitro.Kernel
open Nitro.Node

/// A place on the chain, in facts about what was seen there.
module internal ChainPositionV1 =
    let write (at: ChainPosition) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.uint64 "height" at.Height
        writer |> JsonWrite.uint32 "index" at.Index
        writer |> JsonWrite.bytes32 "block" at.BlockHash

    let read parent : Read<ChainPosition> =
        read {
            let! height = FieldsV1.uint64 "height" parent
            let! index = FieldsV1.uint32 "index" parent
            let! block = FieldsV1.bytes32 "block" parent

            return
                { Height = height
                  Index = index
                  BlockHash = block }
        }

/// How a payment is handed over, as one word.
module internal PaymentKindV1 =
    let text kind =
        match kind with
        | Sent -> "sent"
        | HandedOut -> "handedOut"

    let private tryKind (word: string) =
        match word with
        | "sent" -> ValueSome Sent
        | "handedOut" -> ValueSome HandedOut
        | _ -> ValueNone

    let read key parent : Read<PaymentKind> = FieldsV1.oneOf "sent, handedOut" tryKind key parent
