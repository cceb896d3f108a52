/// Whatever bytes a signer is sent, it answers, and what it understood is what was meant.
module Nitro.Core.Tests.Signer.RequestFuzz

open System
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer
open Nitro.Signer.Policy
open Nitro.Core.Tests
open Nitro.Core.Tests.DecoderFuzz

let private transaction (samples: Samples) : Transaction =
    { ChainId = samples.UInt64()
      Nonce = samples.UInt64()
      MaxPriorityFeePerGas = samples.Amount()
      MaxFeePerGas = samples.Amount()
      GasLimit = samples.UInt64()
      To = if samples.Below 4 = 0 then ValueNone else ValueSome(samples.Address())
      Value = samples.Amount()
      Data = samples.Bytes32().ToArray() }

[<Fact>]
let ``Signing requests: what decodes is what was written`` () =
    let valid (samples: Samples) =
        let state = samples.State()
        let id = ChannelId(samples.Bytes32())
        let voucher: Voucher = { Channel = id; Total = samples.Amount() }
        let signature: Signature = { R = samples.Bytes32(); S = samples.Bytes32(); V = 27uy }
        let approval grant = ApproveRequest({ Grant = grant; Nonce = samples.Bytes32(); IssuedAt = 5L }, { Key = [| 1uy |]; Signature = [| 2uy |] })

        let guarantee: Guarantee =
            { Target = ChannelId(samples.Bytes32())
              Amount = samples.Amount()
              Left = samples.Bytes32()
              Right = samples.Bytes32() }

        RequestV1.encode (
            match samples.Below 16 with
            | 0 -> SignVoucher voucher
            | 1 -> SignState state
            | 2 -> SignTransaction(transaction samples)
            | 3 -> RecordPeerSignature(state, signature)
            | 4 -> RecordVoucher(voucher, signature)
            | 5 -> SignProposal(id, samples.UInt64(), Add(guarantee, samples.Amount()))
            | 6 -> SignProposal(id, samples.UInt64(), Remove(guarantee.Target, samples.Amount()))
            | 7 -> ObserveDeposit(id, Map.ofList [ samples.Address(), samples.Amount() ], samples.UInt64(), samples.UInt64())
            | 8 ->
                NewChannel
                    { Fixed = state.Fixed
                      Outcome = state.Variable.Outcome
                      AppData = state.Variable.AppData
                      Dialect = (if samples.Below 2 = 0 then Nitro else GoNitro) }
            | 9 -> approval (Spend(id, samples.Address(), samples.Amount(), 9L))
            | 10 -> approval (Close id)
            | 11 -> SignChallenge state
            | 12 -> CloseChannel id
            | 13 -> SignTransportKey(samples.Bytes32())
            | 14 -> SignAddressRecord(Array.append (samples.Bytes32().ToArray()) (samples.Bytes32().ToArray()), 9L)
            | _ ->
                UseContracts
                    { ChainId = samples.UInt64()
                      Adjudicator = samples.Address()
                      ConsensusApp = samples.Address()
                      VirtualPaymentApp = samples.Address() }
        )

    let config = Presets.attended 1UL Address.zero Address.zero Map.empty
    let powers: Powers = { Recover = Recover(fun _ _ -> ValueNone); Attests = fun _ _ -> false }

    fuzz 106 valid (fun input ->
        match RequestV1.decode (ReadOnlyMemory input) with
        | Error _ -> ()
        | Ok item ->
            Assert.Equal(Ok item, RequestV1.decode (ReadOnlyMemory(RequestV1.encode item)))
            Hearing.hear powers config 5L ValueNone SignerState.empty [ item ] |> ignore)
