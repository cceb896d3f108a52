/// Files 15 and 17: vouchers at both ends of a payment channel, and what the payee asks of its final state.
module Nitro.Core.Tests.Vectors.PaymentVectors

open System
open System.Text.Json
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Core.Tests.Vectors.Sample

/// Both ends of one channel. That a channel is registered once is the node's doing, which makes its payments with the channel.
type private Ends(input: JsonElement) =
    let mutable ends: Map<string, Payments> = Map.empty
    let mutable requests = 0

    member _.Channel = channel "channelId" input
    member _.Key name = bytes (name + "Key") input

    member this.Address name =
        // Whoever signs is recovered from the signature: nothing here computes an address by itself.
        let digest = Keccak.hash [||]
        recover digest (signDigest (this.Key name) digest) |> ofText "key"

    member _.TryFind name = ends.TryFind name
    member _.Set(name, payments) = ends <- ends.Add(name, payments)

    member _.NextRequest() =
        requests <- requests + 1
        RequestId $"vector-{requests:D10}"

let private register (ends: Ends) input at =
    match ends.TryFind at with
    | Some _ -> Error "channel already registered"
    | None ->
        let role = if at = "payer" then Payer else Payee
        ends.Set(at, Payments.register role (ends.Address "payer") (amount "startingBalance" input))
        Ok()

/// As the engine pays: checked, reserved, signed for the total, issued.
let private pay (ends: Ends) at step =
    match ends.TryFind at with
    | None -> Error "channel not registered"
    | Some payments ->
        Payments.checkPay (amount "amount" step) payments
        |> Result.map (fun total ->
            let reserved = Payments.reserve (ends.NextRequest()) (amount "amount" step) Sent payments
            Assert.Equal(ValueSome total, Payments.next reserved)
            let voucher = { Channel = ends.Channel; Total = total }
            let signature = sign (ends.Key "payer") (Voucher.hash voucher)
            let struct (_, issued) = Payments.issue total signature reserved
            ends.Set(at, issued)
            let wanted = get "voucher" step
            Assert.Equal(channel "channelId" wanted, voucher.Channel)
            Assert.Equal(amount "amount" wanted, voucher.Total)
            Assert.Equal(text "signature" wanted, string signature))

let private receive (ends: Ends) at step =
    match ends.TryFind at with
    | None -> Error "channel not registered"
    | Some payments ->
        let given = get "voucher" step
        let voucher = { Channel = channel "channelId" given; Total = amount "amount" given }
        let signature = toSignature (get "signature" given)

        Payments.checkReceive voucher (recover (Digest.personal (Voucher.hash voucher)) signature) payments
        |> Result.map (fun delta ->
            let received = Payments.receive voucher.Total signature payments
            ends.Set(at, received)
            Assert.Equal(amount "delta" step, delta)
            Assert.Equal(amount "total" step, received.Best))

[<VectorTheory; Vectors "15-voucher-manager">]
let ``Vector 15: vouchers paid and received`` (index: int) (_id: string) =
    let input = input "15-voucher-manager" index
    let ends = Ends input

    for step in list "steps" id (expected "15-voucher-manager" index) do
        let at = text "at" step

        let result =
            match text "op" step with
            | "register" -> register ends input at
            | "pay" -> pay ends at step
            | "receive" -> receive ends at step
            | other -> failwith $"a new operation: {other}"

        match result with
        | Ok() -> Assert.False(has "error" step, $"expected: {step}")
        // The reference's text begins our reason, which may go on to name who and what.
        | Error reason -> Assert.StartsWith(text "error" step, reason)

        if has "paid" step then
            match ends.TryFind at with
            | None -> Assert.Fail $"not registered: {step}"
            | Some payments ->
                Assert.Equal(amount "paid" step, Payments.total payments)
                Assert.Equal(amount "remaining" step, Amount.lacking payments.Start (Payments.total payments))

let private opening alice bob : LedgerOutcome =
    { Asset = Address.zero
      Leader = Bytes32.ofUInt64 1UL
      LeaderBalance = alice
      Follower = Bytes32.ofUInt64 2UL
      FollowerBalance = bob
      Guarantees = Map.empty }

[<VectorTheory; Vectors "17-final-outcome-checks">]
let ``Vector 17: the payee's check of a final outcome`` (index: int) (_id: string) =
    let input = input "17-final-outcome-checks" index
    let expected = expected "17-final-outcome-checks" index

    match [ "initialAlice"; "initialBob"; "finalAlice"; "finalBob"; "minimumPayment" ] |> List.map (fun name -> Amount.tryParse (digits name input)) with
    | [ ValueSome alice; ValueSome bob; ValueSome finalAlice; ValueSome finalBob; ValueSome minimum ] ->
        let final = Ledger.toVariable GoNitro Turn.virtualFinal true (opening finalAlice finalBob)

        let found =
            match Rules.virtualFinal (opening alice bob) final with
            | Error _ -> Some "not balanced"
            | Ok paid ->
                match Rules.paysAtLeast minimum paid with
                | Ok() -> None
                | Error _ -> Some "below minimum"

        Assert.Equal(flag "accepted" expected, found.IsNone)
        Assert.Equal(Option.ofObj ((get "error" expected).GetString()), found)
    // Stricter than go-nitro: an amount below zero is no amount, so such an outcome cannot even be read.
    | amounts -> Assert.Contains(ValueNone, amounts)
