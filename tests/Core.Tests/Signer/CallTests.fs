/// Calls as devices sign them: one form of their bytes, and what they approve.
module Nitro.Core.Tests.Signer.CallTests

open System
open System.Text
open Xunit
open Nitro.Kernel
open Nitro.Signer
open Nitro.Signer.Policy
open Nitro.Core.Tests.Signer.PolicyWorld

let private call name : ApiCall =
    { Node = me
      Method = name
      Payload = { Bytes32.zero with A = 5UL }
      Time = start * 1000L + 7L
      Nonce = Array.init 16 byte
      Credential = Keccak.hash device }

[<Fact>]
let ``The envelope is domain, node, method, payload, time, nonce, credential`` () =
    let one = call "pay"

    let expected =
        Array.concat
            [ "nitro-node/req/v1\000"B
              me.ToArray()
              [| 3uy |]
              "pay"B
              one.Payload.ToArray()
              Convert.FromHexString "0000018bcfe56807"
              one.Nonce
              one.Credential.ToArray() ]

    Assert.Equal<byte[]>(expected, ApiCall.encode one)
    Assert.Equal(Ok one, ApiCall.decode (ReadOnlyMemory expected))

[<Fact>]
let ``Shorter, longer or of another domain is no envelope, and a flipped bit is another one`` () =
    let bytes = ApiCall.encode (call "create_voucher")
    let isRead (bytes: byte[]) = match ApiCall.decode (ReadOnlyMemory bytes) with Ok _ -> true | Error _ -> false
    for length in 0 .. bytes.Length - 1 do Assert.False(isRead bytes[.. length - 1])
    Assert.False(isRead (Array.append bytes [| 0uy |]))

    for place in 0 .. bytes.Length - 1 do
        let flipped = Array.copy bytes
        flipped[place] <- flipped[place] ^^^ 1uy

        match ApiCall.decode (ReadOnlyMemory flipped) with
        | Ok other ->
            Assert.True(place >= 18, $"{place}")
            Assert.NotEqual(call "create_voucher", other)
            Assert.Equal<byte[]>(flipped, ApiCall.encode other)
        | Error _ -> Assert.True(place < 54, $"{place}")

let private credential: Credential = { Key = device; Signature = [| 9uy |] }

let private approval name (payload: string) =
    let one = call name
    let known id' = if id' = id paying then ValueSome coin else ValueNone
    CallApproval.tryOf known config.ApprovalSeconds (ApiCall.encode one) one (ReadOnlyMemory(Encoding.UTF8.GetBytes payload))

let private pay amount = $"{{\"Amount\":{amount},\"Channel\":\"{id paying}\"}}"

/// The signer after the call was shown to it.
let private shown state (approval: Approval) =
    Decide.decide (CallApproval.lend me approval credential powers) config state (at start (ApproveRequest(approval, credential)))

let private sign state total = fst (ask config state (SignVoucher(voucher paying total)))

[<Fact>]
let ``A signed payment approves its own spending, once`` () =
    Assert.Equal(Deny Tags.voucherApproved.Name, sign payer 6)
    let grant = (approval "pay" (pay 6)).Value

    match shown payer grant with
    | Allow(ValueNone, false, []), approved ->
        match ask config approved (SignVoucher(voucher paying 6)) with
        | Allow(ValueSome _, false, []), spent ->
            // Shown again it is the same approval, and used up.
            match shown spent grant with
            | Allow(ValueNone, true, []), again -> Assert.Equal(spent, again)
            | other, _ -> failwith $"{other}"

            Assert.Equal(Deny Tags.voucherApproved.Name, sign spent 12)
        | other, _ -> failwith $"{other}"
    | other, _ -> failwith $"{other}"

[<Fact>]
let ``It attests nothing but the approval that follows from it`` () =
    let grant = (approval "pay" (pay 6)).Value
    let lent = CallApproval.lend me grant credential powers
    let more = { grant with Grant = Spend(id paying, coin, amount 7, start + 1_000L) }
    let judge approval by = fst (Decide.decide lent config payer (at start (ApproveRequest(approval, by))))
    Assert.Equal(Deny Tags.approvalFresh.Name, judge more credential)
    Assert.Equal(Deny Tags.approvalFresh.Name, judge grant { credential with Signature = [| 8uy |] })

[<Fact>]
let ``Other calls and other payloads approve nothing`` () =
    for name, payload in
        [ "get_address", "{}"
          "create_payment_channel", pay 6
          "pay", "{}"
          "pay", "no json"
          "pay", pay 0
          "pay", $"{{\"Amount\":6,\"Channel\":\"{id direct}\"}}" ] do
        Assert.Equal(ValueNone, approval name payload)

    match approval "close_payment_channel" $"{{\"ChannelId\":\"{id paying}\"}}" with
    | ValueSome { Grant = Close closed } -> Assert.Equal(id paying, closed)
    | other -> failwith $"{other}"
