/// Text of scalars beyond what the golden vectors show.
module Nitro.Core.Tests.Kernel.TextTests

open System
open Xunit
open Nitro.Kernel

let private zeros count = String('0', count)

[<Theory>]
[<InlineData("0x")>]
[<InlineData("zz")>]
[<InlineData("0xzz")>]
[<InlineData("\ud800")>]
let ``Garbage as a lenient destination is zero`` (text: string) =
    Assert.Equal(Bytes32.zero, Text.destinationLenient text)

[<Theory>]
[<InlineData("0x12zz", "12")>]
[<InlineData("0x12345z", "1234")>]
[<InlineData("0X0aFf", "0aff")>]
[<InlineData("123", "0123")>]
// One letter of two bytes makes the number of bytes odd, so a zero goes in front: 01 2?.
[<InlineData("12\u00e9", "12")>]
[<InlineData("1\u00e9", "01")>]
let ``A lenient destination is what came before the first bad pair`` (text: string) (digits: string) =
    Assert.Equal("0x" + digits.PadLeft(64, '0'), string (Text.destinationLenient text))

[<Fact>]
let ``A strict destination has 20 or 32 bytes`` () =
    let account = "0x" + String('a', 40)
    Assert.Equal(ValueSome("0x" + zeros 24 + String('a', 40)), Text.destinationStrict account |> ValueOption.map string)
    Assert.True((Text.destinationStrict ("0x" + String('b', 64))).IsSome)

    for bad in [ ""; "0x"; "0x12"; String('a', 40); "0x" + String('a', 39); "0x" + String('a', 66); account + "zz" ] do
        Assert.Equal(ValueNone, Text.destinationStrict bad)

[<Fact>]
let ``A second prefix is no digits`` () =
    Assert.Equal(ValueNone, Text.bytes "0x0x12")
    Assert.Equal(ValueNone, Text.hexAmount ("0xx" + String('1', 62)))
    Assert.Equal(ValueNone, Text.signature ("0x0x" + String('1', 130)))

[<Fact>]
let ``Hexadecimal amounts end at 2^256`` () =
    Assert.Equal(Text.hexAmount ("0x" + String('F', 64)) |> ValueOption.map string, ValueSome(string (bigint.Pow(2I, 256) - 1I)))
    Assert.Equal(ValueNone, Text.hexAmount ("0x1" + zeros 64))
    Assert.Equal(ValueNone, Text.hexAmount "0x")
    Assert.Equal(ValueNone, Text.hexAmount "0x-1")

[<Fact>]
let ``A signature has 65 bytes unless all are zero`` () =
    Assert.Equal(ValueSome ValueNone, Text.signature ("0x" + zeros 130))
    Assert.Equal(ValueNone, Text.signature ("0x" + String('1', 128)))
    Assert.Equal(ValueNone, Text.signature "")
    let text = "0x" + String('1', 128) + "1b"
    Assert.Equal(ValueSome(ValueSome text), Text.signature text |> ValueOption.map (ValueOption.map string))

/// The examples of EIP-55.
[<Theory>]
[<InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")>]
[<InlineData("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")>]
[<InlineData("0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB")>]
[<InlineData("0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb")>]
let ``Letter case of an address is its checksum`` (text: string) =
    Assert.Equal(ValueSome text, Text.address text |> ValueOption.map Text.checksum)
