/// Items of Request.V1 as they were first written: nodes and signers of different ages meet on these bytes. Lines are only ever added.
module Nitro.Core.Tests.Signer.GoldenRequests

open System
open System.IO
open System.Text
open FSharp.Reflection
open Xunit
open Nitro.Kernel
open Nitro.Signer
open Nitro.Signer.Policy
open Nitro.Core.Tests
open Nitro.Core.Tests.Signer.PolicyWorld

/// As the lines have it: bytes of any length are carried, whoever judges them.
let private byDevice request =
    match request with
    | ApproveRequest(approval, credential) -> ApproveRequest(approval, { credential with Key = [| 1uy; 2uy; 3uy |] })
    | other -> other

/// One of each kind, in the order of golden/requests.v1.jsonl.
let private items: SignerRequest list =
    [ HonestTalk.contracts
      NewChannel leftLedger
      byDevice (spend 1UL direct 2)
      byDevice (approval 3UL start (Close(id direct)))
      held direct 99
      peerSigns left (opening leftLedger 0UL)
      SignState(ledgerAfter rightLedger [ add paying rightLedger ])
      proposal rightLedger 2UL (add paying rightLedger)
      proposal rightLedger 3UL (Nitro.Protocol.Remove(id paying, amount 20))
      SignVoucher(voucher paying 3)
      voucherFrom left (voucher paid 4)
      SignChallenge(opening direct 1UL)
      SignTransaction(deposit 7UL direct 0 50)
      SignTransaction { deposit 7UL direct 0 50 with To = ValueNone }
      CloseChannel(id direct)
      Heartbeat
      SignTransportKey(Bytes32.ofUInt64 7UL)
      SignAddressRecord(publicKey, start) ]

let private path = Path.Combine(Sources.root, "tests", "Core.Tests", "golden", "requests.v1.jsonl")

[<Fact>]
let ``Items are written and read as they were first written`` () =
    let lines = File.ReadAllLines path
    Assert.Equal(items.Length, lines.Length)

    for item, line in Seq.zip items lines do
        Assert.Equal(line, Encoding.UTF8.GetString(RequestV1.encode item))
        Assert.Equal(Ok item, RequestV1.decode (ReadOnlyMemory(Encoding.UTF8.GetBytes line)))

[<Fact>]
let ``Every kind of item is among them`` () =
    let kinds = FSharpType.GetUnionCases(typeof<SignerRequest>, true) |> Array.map _.Name |> Set.ofArray
    let named = items |> List.map (fun item -> (fst (FSharpValue.GetUnionFields(item, typeof<SignerRequest>, true))).Name) |> Set.ofList
    Assert.Equal<Set<string>>(kinds, named)

[<Fact>]
let ``A field that a newer node adds is passed over, and an unknown kind is no request`` () =
    let read (text: string) = RequestV1.decode (ReadOnlyMemory(Encoding.UTF8.GetBytes text))
    let line = Encoding.UTF8.GetString(RequestV1.encode (SignVoucher(voucher paying 3)))
    Assert.Equal(Ok(SignVoucher(voucher paying 3)), read (line.Insert(1, "\"since\":\"v2\",")))
    Assert.True((read """{"kind":"digest","digest":"0x00"}""").IsError)
