/// What a node's network identity signs, as libp2p and go-nitro have it.
module Nitro.Core.Tests.Signer.IdentityTests

open System
open System.Security.Cryptography
open System.Text
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer.Policy
open Nitro.Core.Tests.Signer.PolicyWorld

let private sha256 (text: byte[]) = Bytes32.ofSpan (ReadOnlySpan(SHA256.HashData text))

/// The generator, whose private key is 1.
let private generator =
    Convert.FromHexString "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"

let private ours = { config with Me = ValueOption.defaultValue stranger (NetworkIdentity.addressOf generator) }
let private judge request = Decide.decide powers ours SignerState.empty (at start request)

[<Fact>]
let ``A key's address and peer id are those that everybody computes`` () =
    Assert.Equal("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", Text.checksum ours.Me)
    Assert.Equal("16Uiu2HAm3cuhhRL2msUuLF62KRSfneFDx94RsuouyW25Ho42cFMq", NetworkIdentity.peerId generator)
    Assert.Equal(ValueNone, NetworkIdentity.addressOf (Array.zeroCreate 65))

[<Fact>]
let ``A transport key is signed under the prefix of the Noise handshake`` () =
    let key = Bytes32.ofUInt64 9UL
    let digest = sha256 (Array.append "noise-libp2p-static-key:"B (key.ToArray()))
    Assert.Equal((Allow(ValueSome digest, true, []), SignerState.empty), judge (SignTransportKey key))

[<Fact>]
let ``An address record names our address and the host with our own key`` () =
    let record =
        $"{{\"SCAddr\":\"0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf\",\"PeerID\":\"16Uiu2HAm3cuhhRL2msUuLF62KRSfneFDx94RsuouyW25Ho42cFMq\",\"Timestamp\":{start}}}"

    let decision, after = judge (SignAddressRecord(generator, start))
    Assert.Equal(Allow(ValueSome(sha256 (Encoding.UTF8.GetBytes record)), true, []), decision)
    Assert.Equal(SignerState.empty, after)
