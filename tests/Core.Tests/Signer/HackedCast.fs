namespace Nitro.Core.Tests.Signer

open System
open System.Security.Cryptography
open System.Text
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Secp256k1
open Nitro.Signer.Policy

/// Who plays. Of the owner the attacker lacks two things only: the signer's keys and the device. All others sign whatever it likes.
type internal Cast =
    { Me: Address
      Left: Address
      Right: Address
      Stranger: Address
      /// As this party signs a digest.
      Sign: Address -> Bytes32 -> Signature
      /// The owner's device: its public key, and how it signs a message.
      Device: byte[]
      Attest: byte[] -> byte[] }

module internal Cast =
    /// On the toy curve of `PolicyWorld.powers`.
    let toy =
        { Me = PolicyWorld.me
          Left = PolicyWorld.left
          Right = PolicyWorld.right
          Stranger = PolicyWorld.stranger
          Sign = PolicyWorld.signedBy
          Device = PolicyWorld.device
          Attest = fun message -> (Keccak.hash message).ToArray() }

    let private key number : byte[] = Array.append (Array.zeroCreate 31) [| number |]

    let private addressOf (key: byte[]) =
        let address = Array.zeroCreate<byte> 20
        if Curve.Default.TryGetAddress(ReadOnlySpan key, Span address) then Address.ofSpan (ReadOnlySpan address) else failwith "no key"

    /// The owner's key in `real`.
    let ownKey = key 201uy

    /// On the real curves.
    let real =
        let device = ECDsa.Create(ECCurve.NamedCurves.nistP256)
        let point = device.ExportParameters(false).Q
        let keys = Map.ofList [ for number in 201uy .. 204uy -> addressOf (key number), key number ]
        let party number = addressOf (key number)

        let sign signer (digest: Bytes32) =
            let signature = Array.zeroCreate<byte> 65
            let bytes = digest.ToArray()
            if not (Curve.Default.TrySign(ReadOnlySpan bytes, ReadOnlySpan keys[signer], Span signature)) then failwith "it cannot sign"
            match Signature.tryOfSpan (ReadOnlySpan signature) with
            | ValueSome made -> made
            | ValueNone -> failwith "no signature"

        { Me = party 201uy
          Left = party 202uy
          Right = party 203uy
          Stranger = party 204uy
          Sign = sign
          Device = Array.concat [ [| 4uy |]; nonNull point.X; nonNull point.Y ]
          Attest = fun message -> device.SignData(message, HashAlgorithmName.SHA256) }

    let private contracts =
        $"\"contracts\":{{\"chainId\":{PolicyWorld.chainId},\"adjudicator\":\"{PolicyWorld.adjudicator}\",\"consensusApp\":\"{PolicyWorld.ledgerApp}\",\"virtualPaymentApp\":\"{PolicyWorld.paymentApp}\"}}"

    /// The ready-made configurations, as their owners write them.
    let policies (cast: Cast) : (string * byte[]) list =
        let coin = Address.zero
        let device = Hex.ofBytes (ReadOnlySpan cast.Device)

        [ "unattended-hub", $"{{\"preset\":\"unattended-hub\",\"deposit\":\"60\",\"maxLocked\":{{\"{coin}\":\"40\"}},\"confirmations\":3,{contracts}}}"
          "paying-agent",
          $"{{\"preset\":\"paying-agent\",\"asset\":\"{coin}\",\"perDay\":\"5\",\"inAll\":\"14\",\"deposit\":\"60\",\"confirmations\":3,\"approvers\":[\"{device}\"],{contracts}}}"
          "open", $"{{\"preset\":\"open\",{contracts}}}" ]
        |> List.map (fun (name, text) -> name, Encoding.UTF8.GetBytes text)
