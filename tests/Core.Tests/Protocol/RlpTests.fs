module Nitro.Core.Tests.RlpTests

open Xunit
open Nitro.Kernel
open Nitro.Protocol

let private text (value: string) = System.Text.Encoding.ASCII.GetBytes value
let private hex (bytes: byte[]) = Hex.prefixed (System.ReadOnlySpan bytes)

[<Theory>]
[<InlineData("", "0x80")>]
[<InlineData("00", "0x00")>]
[<InlineData("7f", "0x7f")>]
[<InlineData("80", "0x8180")>]
[<InlineData("646f67", "0x83646f67")>]
let ``Byte strings follow the specification`` (value: string) (encoded: string) =
    Assert.Equal(encoded, hex (Rlp.bytes (System.Convert.FromHexString value)))

[<Theory>]
[<InlineData(0, "0x80")>]
[<InlineData(15, "0x0f")>]
[<InlineData(1024, "0x820400")>]
let ``Numbers have no leading zeros`` (value: int) (encoded: string) = Assert.Equal(encoded, hex (Rlp.number (bigint value)))

[<Fact>]
let ``Long strings and lists carry the length of their length`` () =
    let long = Rlp.bytes (Array.zeroCreate 56)
    Assert.Equal("0xb838", hex long[..1])
    let listed = Rlp.list [ long ]
    Assert.Equal("0xf83a", hex listed[..1])
    Assert.Equal("0xc0", hex (Rlp.list []))
    Assert.Equal("0xc88363617483646f67", hex (Rlp.list [ Rlp.bytes (text "cat"); Rlp.bytes (text "dog") ]))
