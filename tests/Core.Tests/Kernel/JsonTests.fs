/// The leniency and the limits of the JSON readers.
module Nitro.Core.Tests.Kernel.JsonTests

open System
open System.Text
open System.Text.Json
open Xunit
open Nitro.Kernel

let private decode (json: string) (reader: JsonElement -> Read<'T>) =
    Json.decode (ReadOnlyMemory(Encoding.UTF8.GetBytes json)) reader

let private refused (json: string) = (Json.tryParse (ReadOnlyMemory(Encoding.Latin1.GetBytes json))).IsNone
let private amount (value: uint64) = Amount.ofUInt64 value

[<Theory>]
[<InlineData("{\"Amount\":7}")>]
[<InlineData("{\"AMOUNT\":7}")>]
[<InlineData("{\"amount\":7}")>]
[<InlineData("{\"\\u0041mount\":7}")>]
[<InlineData("{\"Amount\":\"no\",\"amount\":3,\"aMount\":7,\"Amounts\":9}")>]
let ``Names match in any case and the last duplicate counts`` (json: string) =
    Assert.Equal(Ok(amount 7UL), decode json (Json.amount "Amount"))

[<Theory>]
[<InlineData("{}")>]
[<InlineData("{\"X\":null}")>]
let ``What is absent or null is zero`` (json: string) =
    Assert.Equal(Ok Amount.zero, decode json (Json.amount "X"))
    Assert.Equal(Ok ValueNone, decode json (Json.amountOption "X"))
    Assert.Equal(Ok 0UL, decode json (Json.uint64 "X"))
    Assert.Equal(Ok false, decode json (Json.boolean "X"))
    Assert.Equal(Ok "", decode json (Json.string "X"))
    Assert.Equal(Ok Address.zero, decode json (Json.address "X"))
    Assert.Equal(Ok Bytes32.zero, decode json (Json.destinationLenient "X"))
    Assert.Equal(Ok ValueNone, decode json (Json.signature "X"))
    Assert.Equal(Ok ValueNone, decode json (Json.bytesOption "X"))
    Assert.Equal(Ok(Array.Empty<byte>()), decode json (Json.bytes "X"))
    Assert.Equal(Ok [], decode json (Json.addresses "X"))
    Assert.Equal(Ok [], decode json (Json.entries "X" (fun name _ -> Ok name)))
    Assert.Equal(Ok 0UL, decode json (Json.nested "X" (Json.uint64 "Y")))
    Assert.Equal(Ok ValueNone, decode json (Json.nestedOption "X" (Json.uint64 "Y")))

[<Theory>]
[<InlineData("0", "0")>]
[<InlineData("-0", "0")>]
[<InlineData("18446744073709551616", "18446744073709551616")>]
[<InlineData("115792089237316195423570985008687907853269984665640564039457584007913129639935",
             "115792089237316195423570985008687907853269984665640564039457584007913129639935")>]
let ``Integers below 2^256 are exact`` (written: string) (value: string) =
    Assert.Equal(Ok value, decode $"{{\"X\":{written}}}" (Json.amount "X") |> Result.map string)

[<Theory>]
[<InlineData("-1")>]
[<InlineData("1.0")>]
[<InlineData("1e3")>]
[<InlineData("\"1\"")>]
[<InlineData("true")>]
[<InlineData("[]")>]
[<InlineData("115792089237316195423570985008687907853269984665640564039457584007913129639936")>]
[<InlineData("1000000000000000000000000000000000000000000000000000000000000000000000000000000000000")>]
let ``What is no amount is refused by name`` (written: string) =
    match decode $"{{\"X\":{written}}}" (Json.amount "X") with
    | Ok found -> Assert.Fail $"{found}"
    | Error text -> Assert.StartsWith("X: expected an integer from 0 to 2^256 - 1, found ", text)

    Assert.True(Result.isError (decode $"{{\"X\":{written}}}" (Json.uint64 "X")))

[<Fact>]
let ``Integers of fixed size end where they end`` () =
    Assert.Equal(Ok UInt64.MaxValue, decode "{\"X\":18446744073709551615}" (Json.uint64 "X"))
    Assert.True(Result.isError (decode "{\"X\":18446744073709551616}" (Json.uint64 "X")))
    Assert.Equal(Ok UInt32.MaxValue, decode "{\"X\":4294967295}" (Json.uint32 "X"))
    Assert.True(Result.isError (decode "{\"X\":4294967296}" (Json.uint32 "X")))
    Assert.Equal(Ok 255uy, decode "{\"X\":255}" (Json.uint8 "X"))
    Assert.True(Result.isError (decode "{\"X\":256}" (Json.uint8 "X")))

[<Fact>]
let ``Errors name the way to the field`` () =
    let exit = Json.list "Allocations" (Json.nested "Inner" (Json.address "Asset"))
    let json = "{\"Outcome\":[{},{\"Allocations\":[null,{\"inner\":{\"asset\":\"0x12\"}}]}]}"
    let error = "Outcome[1].Allocations[1].Inner.Asset: expected an address (0x and 40 hexadecimal digits), found a string"
    Assert.Equal(Error error, decode json (Json.list "Outcome" exit))

[<Fact>]
let ``Deep, broken and unreadable texts are no documents`` () =
    let nested depth = String('[', depth) + String(']', depth)
    Assert.False(refused (nested Json.MaxDepth))
    Assert.True(refused (nested (Json.MaxDepth + 1)))
    Assert.True(refused (String('[', 100_000)))
    Assert.True(refused "")
    Assert.True(refused "{} {}")
    Assert.True(refused "{\"a\":1,}")
    Assert.True(refused "{/**/}")
    Assert.True(refused "01")
    // Text that could not be turned into a string later: half a surrogate pair, bytes that are no UTF-8.
    Assert.True(refused "{\"a\":\"\\ud800\"}")
    Assert.True(refused "{\"\\udc00\":1}")
    Assert.True(refused "{\"a\":\"\255\"}")
    Assert.False(refused "{\"a\":\"\\ud83d\\ude00\"}")

[<Fact>]
let ``Bytes keep null apart from empty`` () =
    Assert.Equal(Ok(ValueSome(Array.Empty<byte>())), decode "{\"X\":\"\"}" (Json.bytesOption "X"))
    Assert.Equal(Ok(ValueSome [| 255uy; 239uy |]), decode "{\"X\":\"/+8=\"}" (Json.bytesOption "X"))
    Assert.True(Result.isError (decode "{\"X\":\"/+8\"}" (Json.bytes "X")))
    Assert.True(Result.isError (decode "{\"X\":[1]}" (Json.bytes "X")))

[<Fact>]
let ``The writers write what go-nitro writes`` () =
    let signature: Signature = { R = Bytes32.ofUInt64 1UL; S = Bytes32.ofUInt64 2UL; V = 27uy }

    let written =
        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            JsonWrite.amountOption "A" (ValueSome(amount 5UL)) writer
            JsonWrite.amountOption "B" ValueNone writer
            JsonWrite.bytes "C" [| 255uy; 239uy |] writer
            JsonWrite.bytesOrNull "D" [||] writer
            JsonWrite.bytesOption "E" (ValueSome [||]) writer
            JsonWrite.signature "F" ValueNone writer
            JsonWrite.signature "G" (ValueSome signature) writer
            JsonWrite.hexAmount "H" (amount 100UL) writer
            JsonWrite.list "I" (JsonWrite.boolean "J") [ true; false ] writer
            JsonWrite.texts "K" [ "a+b" ] writer
            JsonWrite.addresses "L" [ Address.zero ] writer
            JsonWrite.uint8 "M" 255uy writer
            JsonWrite.uint32 "N" UInt32.MaxValue writer
            JsonWrite.uint64 "O" UInt64.MaxValue writer
            writer.WriteEndObject())
        |> Encoding.UTF8.GetString

    let wanted =
        "{\"A\":5,\"B\":null,\"C\":\"/+8=\",\"D\":null,\"E\":\"\",\"F\":\"0x00\",\"G\":\"0x"
        + String('0', 63) + "1" + String('0', 63) + "2" + "1b\",\"H\":\"0x64\",\"I\":[{\"J\":true},{\"J\":false}],\"K\":[\"a+b\"],\"L\":[\"0x"
        + String('0', 40) + "\"],\"M\":255,\"N\":4294967295,\"O\":18446744073709551615}"

    Assert.Equal(wanted, written)
    Assert.Equal(Ok(ValueSome signature), decode written (Json.signature "G"))
