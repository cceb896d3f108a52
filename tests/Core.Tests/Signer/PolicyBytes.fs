/// The signer's state and configuration as bytes: the same again, and damage is an error.
module Nitro.Core.Tests.Signer.PolicyBytes

open System
open System.Text
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer.Policy
open Nitro.Core.Tests.Signer.PolicyWorld

let private used =
    let transactions = after config directOpen [ SignTransaction(deposit 0UL direct 0 50); spend 1UL direct 3 ]
    after config transactions [ NewChannel paying; CloseChannel(id paying) ]

let private warned =
    match Modes.tryCreate [ Tags.voucherApproved.Name, Warn ] with
    | Ok modes -> after { config with Modes = modes } payer [ SignVoucher(voucher paying 6) ]
    | Error error -> failwith error

let private states =
    [ SignerState.empty; payer; payee; after config payer (allSignFinal paying 20 0 @ [ removed paying rightLedger 20 ]); hub; directOpen; used; warned
      after config payer [ SignVoucher(voucher paying 3) ]
      after config directOpen [ peerSigns me (state direct 2UL false direct.Outcome) ] ]

let private configs =
    [ config
      Presets.unattendedHub chainId adjudicator me apps (amount 100) (Map.ofList [ coin, amount 30 ])
      { config with Payees = ValueSome Set.empty; Peers = ValueSome(Set.ofList [ left ]) }
      (match Modes.tryCreate [ "velocity", Off; "tx-fee", Warn ] with
       | Ok modes -> { config with Modes = modes }
       | Error error -> failwith error) ]

/// Rows as a store keeps them.
let private sorted (rows: Map<string, struct (byte[] * byte[])>) = rows |> Map.toList |> List.map snd

let private applied (rows: Map<string, struct (byte[] * byte[])>) (changes: Row list) =
    let step (rows: Map<string, struct (byte[] * byte[])>) (row: Row) =
        let key = Hex.ofBytes (ReadOnlySpan row.Key)

        match row.Value with
        | ValueSome value -> rows.Add(key, struct (row.Key, value))
        | ValueNone -> rows.Remove key

    List.fold step rows changes

let private written (state: SignerState) =
    let ids = Seq.append state.Channels.Keys [ id paying; id direct ]
    applied Map.empty (SignerRowsV1.changes SignerState.empty state ids)

[<Fact>]
let ``What was written reads the same`` () =
    for state in states do
        Assert.Equal(Ok state, SignerRowsV1.decode (sorted (written state)))

    for config in configs do
        Assert.Equal(Ok config, SignerConfigV1.decode (ReadOnlyMemory(SignerConfigV1.encode config)))

/// Each request writes only what it may have touched; the rows together are the whole memory at every step.
[<Fact>]
let ``What each request changes is enough`` () =
    let requests =
        opened leftLedger @ opened rightLedger @ agreed paying @ guaranteed paying rightLedger right @ running paying
        @ [ SignVoucher(voucher paying 2); SignVoucher(voucher paying 4) ]
        @ agreed through @ guaranteed through leftLedger left
        @ agreed paid
        @ [ SignProposal(id leftLedger, 3UL, add paid leftLedger) ]
        @ opened direct
        @ [ spend 1UL direct 3; SignTransaction(deposit 0UL direct 0 50) ]
        @ allSignFinal paying 16 4
        @ [ removed paying rightLedger 16; countersigned paying rightLedger 16 right; CloseChannel(id paying); peerSigns me (state direct 2UL false direct.Outcome) ]

    let roomy = { config with Limits = { config.Limits with Channels = 20 } }

    let step (state: SignerState, rows) request =
        match Decide.decide powers roomy state (at start request) with
        | Allow _, next ->
            let rows = applied rows (SignerRowsV1.changes state next (SignerRowsV1.touches request))
            Assert.Equal(Ok next, SignerRowsV1.decode (sorted rows))
            next, rows
        | (Deny tag | Retry tag), _ -> failwith $"refused with {tag}: {request}"

    let last, rows = List.fold step (SignerState.empty, Map.empty) requests
    Assert.True last.Suspect
    Assert.NotEmpty rows

let private replaced (before: string) (after: string) (bytes: byte[]) =
    let text = Encoding.UTF8.GetString bytes
    Assert.Contains(before, text)
    ReadOnlyMemory(Encoding.UTF8.GetBytes(text.Replace(before, after)))

[<Fact>]
let ``A configuration cannot weaken a firm rule, nor have a window without length`` () =
    let bytes = SignerConfigV1.encode configs[3]
    Assert.True((SignerConfigV1.decode (replaced "\"velocity\",\"mode\":\"off\"" "\"no-double-sign\",\"mode\":\"warn\"" bytes)).IsError)
    Assert.True((SignerConfigV1.decode (replaced "\"seconds\":3600" "\"seconds\":0" bytes)).IsError)
    Assert.True((SignerConfigV1.decode (replaced "\"buckets\":24" "\"buckets\":0" bytes)).IsError)

[<Fact>]
let ``Our place among the participants must be one`` () =
    let channel = payer.Channels[id paying]
    Assert.True((SignerChannelV1.decode (replaced "\"mine\":0" "\"mine\":2" (SignerChannelV1.encode channel))).IsError)

/// One byte changed, cut off, or repeated: an answer each time, and never an exception; deciding on what was read neither.
[<Fact>]
let ``Hostile bytes give errors, not exceptions`` () =
    let random = Random 11
    let mutable errors = 0

    for _ in 1..3_000 do
        let rows = Array.ofList (sorted (written states[1 + random.Next(states.Length - 1)]))
        let spoilt = random.Next rows.Length
        let struct (key, source) = rows[spoilt]
        let bytes = Array.append source [| 0uy |]

        for _ in 0 .. random.Next 3 do
            bytes[random.Next bytes.Length] <- byte (random.Next 256)

        let cut = if random.Next 4 = 0 then Array.truncate (random.Next bytes.Length) bytes else bytes
        rows[spoilt] <- struct ((if random.Next 8 = 0 then Array.truncate (random.Next key.Length) key else key), cut)

        match SignerRowsV1.decode (List.ofArray rows) with
        | Error _ -> errors <- errors + 1
        | Ok state ->
            for request in [ SignVoucher(voucher paying 4); proposal rightLedger 3UL (add through rightLedger); SignState(opening direct 2UL) ] do
                Decide.decide powers config state (at start request) |> ignore

        let given = SignerConfigV1.encode configs[random.Next configs.Length]
        given[random.Next given.Length] <- byte (random.Next 256)

        match SignerConfigV1.decode (ReadOnlyMemory given) with
        | Error _ -> errors <- errors + 1
        | Ok config -> Decide.decide powers config payer (at start (SignVoucher(voucher paying 4))) |> ignore

    Assert.True(errors > 500, $"{errors} errors")

let private plan (text: string) = PolicyPlanV1.decode (ReadOnlyMemory(Text.Encoding.UTF8.GetBytes text))

[<Fact>]
let ``An approver's key counts in any spelling of its digits, and anything else is said`` () =
    let digits = "04" + String('A', 128)
    let contracts = { ChainId = chainId; Adjudicator = adjudicator; ConsensusApp = ledgerApp; VirtualPaymentApp = paymentApp }

    for spelt in [ digits; "0x" + digits; digits.ToLowerInvariant() ] do
        match plan $"{{\"approvers\":[\"{spelt}\"]}}" with
        | Ok found -> Assert.Equal<Set<string>>(Set.ofList [ digits.ToLowerInvariant() ], (found.Make contracts me).Approvers)
        | Error text -> failwith text

    for wrong in [ ""; "phone"; digits + "00"; "03" + digits.Substring 2; "3059301306072a8648ce3d0201" ] do
        match plan $"{{\"approvers\":[\"{wrong}\"]}}" with
        | Ok _ -> failwithf "%s is taken for a key" wrong
        | Error text -> Assert.Contains("nitro device new", text)
