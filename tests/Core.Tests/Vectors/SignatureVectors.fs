/// Files 01, 06, 07 and 08: keys, signatures, vouchers and their redemption.
module Nitro.Core.Tests.Vectors.SignatureVectors

open System
open System.Numerics
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Secp256k1
open Nitro.Core.Tests.Vectors.Sample

let private base58 (bytes: byte[]) =
    let digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

    let rec write (value: BigInteger) text =
        if value.IsZero then text else write (value / 58I) (string digits[int (value % 58I)] + text)

    let zeros = bytes |> Seq.takeWhile ((=) 0uy) |> Seq.length
    String('1', zeros) + write (BigInteger(ReadOnlySpan bytes, true, true)) ""

/// Identity multihash over libp2p's protobuf of a public key: type 2 (secp256k1), then the compressed key.
let private peerId (compressed: byte[]) =
    let key = Array.append [| 0x08uy; 0x02uy; 0x12uy; byte compressed.Length |] compressed
    base58 (Array.append [| 0x00uy; byte key.Length |] key)

[<VectorTheory; Vectors "01-keys">]
let ``Vector 01: what follows from a private key`` (index: int) (_id: string) =
    let key = bytes "privateKey" (input "01-keys" index)
    let expected = expected "01-keys" index
    let publicKey = Array.zeroCreate<byte> 65
    let address20 = Array.zeroCreate<byte> 20
    Assert.True(Curve.Default.TryGetPublicKey(ReadOnlySpan key, Span publicKey))
    Assert.True(Curve.Default.TryGetAddress(ReadOnlySpan key, Span address20))
    let compressed = Array.append [| 2uy + (publicKey[64] &&& 1uy) |] publicKey[1..32]
    let found = Address.tryOfArray address20 |> ofText "address"
    let hash = Keccak.hash publicKey[1..64]
    Assert.Equal(text "uncompressedPublicKey" expected, hex publicKey)
    Assert.Equal(text "compressedPublicKey" expected, hex compressed)
    Assert.Equal(hex address20, hex ((hash.ToArray())[12..]))
    Assert.Equal(text "address" expected, Text.checksum found)
    Assert.Equal(text "addressLower" expected, string found)
    Assert.Equal(text "destination" expected, string (Destination.ofAddress found))
    Assert.Equal(ValueSome found, Destination.tryAddress (Destination.ofAddress found))
    Assert.Equal(text "libp2pPeerId" expected, peerId compressed)

[<VectorTheory; Vectors "06-signatures">]
let ``Vector 06: digest, signature and signer`` (index: int) (_id: string) =
    let input = input "06-signatures" index
    let expected = expected "06-signatures" index
    let key = bytes "privateKey" input

    let digest =
        if has "state" input then
            let hash = hashOf (state "state" input)
            Assert.Equal(text "stateHash" expected, string hash)
            Assert.Equal(text "challengeSignature" expected, string (sign key (State.challengeHash hash)))
            Assert.Equal(Digest.personalMessage (hash.ToArray()), Digest.personal hash)
            Digest.personal hash
        else
            Digest.personalMessage (bytes "messageHex" input)

    let signature = signDigest key digest
    Assert.Equal(text "digest" expected, string digest)
    Assert.Equal(text "joined" expected, string signature)
    Assert.Equal(toSignature expected, signature)
    Assert.Equal(ValueSome(address "signer" expected), recover digest signature)

[<VectorTheory; Vectors "07-vouchers">]
let ``Vector 07: encoding, signature, text and app data of a voucher`` (index: int) (_id: string) =
    let input = input "07-vouchers" index
    let expected = expected "07-vouchers" index
    let voucher = { Channel = channel "channelId" input; Total = amount "amount" input }
    let signature = sign (bytes "privateKey" input) (Voucher.hash voucher)
    let appData = Voucher.appData voucher.Total signature
    Assert.Equal(text "encoded" expected, hex (Voucher.encode voucher))
    Assert.Equal(text "hash" expected, string (Voucher.hash voucher))
    Assert.Equal(text "joined" expected, string signature)
    Assert.Equal(toSignature (get "signature" expected), signature)
    Assert.Equal(ValueSome(address "signer" expected), recover (Digest.personal (Voucher.hash voucher)) signature)
    Assert.Equal(text "appData" expected, hex appData)
    Assert.Equal(ValueSome(struct (voucher.Total, signature)), Voucher.tryAppData appData)
    Assert.Equal(text "json" expected, WireText.voucher voucher (ValueSome signature))
    Assert.Equal(Ok(voucher, ValueSome signature), WireText.readVoucher (text "json" expected))

[<VectorTheory; Vectors "08-virtual-payment-redemptions">]
let ``Vector 08: all hashes and signatures of a redemption`` (index: int) (_id: string) =
    let input = input "08-virtual-payment-redemptions" index
    let expected = expected "08-virtual-payment-redemptions" index
    let payerKey, payeeKey = bytes "payerKey" input, bytes "payeeKey" input
    let id = FixedPart.channelId (toFixed (get "fixedPart" input))
    let paid = amount "paid" input
    let voucher = { Channel = id; Total = paid }
    let voucherSignature = sign payerKey (Voucher.hash voucher)
    let postfund, redemption = state "postfund" expected, state "redemption" expected

    // The redemption is the postfund at turn 2, with the paid amount moved and the voucher as its proof.
    let move (exit: AssetExit) =
        match exit.Allocations with
        | [ payer; payee ] ->
            { exit with
                Allocations =
                    [ { payer with Amount = Amount.lacking (amount "total" input) paid }
                      { payee with Amount = paid } ] }
        | _ -> exit

    let redeemed =
        { postfund.Variable with
            Turn = 2UL
            Outcome = List.map move postfund.Variable.Outcome
            AppData = Voucher.appData paid voucherSignature }

    Assert.Equal(channel "channelId" expected, id)
    Assert.Equal(text "voucherHash" expected, string (Voucher.hash voucher))
    Assert.Equal(text "voucherSignature" expected, string voucherSignature)
    Assert.Equal(text "appData" expected, hex redeemed.AppData)
    Assert.Equal<VariablePart>(redemption.Variable, redeemed)
    Assert.Equal(id, channelOf postfund)
    Assert.Equal(text "postfundHash" expected, string (hashOf postfund))
    Assert.Equal(text "redemptionHash" expected, string (State.hash id redeemed))

    let signers =
        list "postfundSignatures" toSignature expected
        |> List.map (recover (Digest.personal (hashOf postfund)))

    Assert.Equal<Address voption list>(postfund.Fixed.Participants |> List.map ValueSome, signers)
    Assert.Equal(toSignature (get "postfundSignatures" expected).[0], signState payerKey postfund)
    Assert.Equal(text "redemptionSignatureByPayee" expected, string (signState payeeKey redemption))

    let challenge = State.challengeHash (hashOf redemption)
    Assert.Equal(text "challengeSignatureByPayee" expected, string (sign payeeKey challenge))
