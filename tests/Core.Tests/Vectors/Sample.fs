namespace Nitro.Core.Tests.Vectors

open System
open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Secp256k1

/// Values out of a vector, which writes them in its own way: bytes in hexadecimal, integers as numbers or as text.
module internal Sample =
    let get (name: string) (element: JsonElement) = element.GetProperty name

    let has (name: string) (element: JsonElement) =
        element.ValueKind = JsonValueKind.Object && fst (element.TryGetProperty name)

    let input file index = get "input" (VectorFiles.vectors file).[index]
    let expected file index = get "expected" (VectorFiles.vectors file).[index]
    let ofText what (value: 'T voption) = match value with ValueSome found -> found | ValueNone -> failwith $"the vector has a bad {what}"
    let text name element = (get name element).GetString() |> string

    /// A number, written bare or as text.
    let digits name element = (get name element).ToString()

    let list name (convert: JsonElement -> 'T) element = (get name element).EnumerateArray() |> Seq.map convert |> List.ofSeq
    let toBytes (text: string) = Text.bytes text |> ofText "byte string"
    let toBytes32 (text: string) = Text.bytes32 text |> ofText "32 bytes"
    let toAddress (text: string) = Text.address text |> ofText "address"
    let toAmount (text: string) = Amount.tryParse text |> ofText "amount"
    let bytes name element = toBytes (text name element)
    let bytes32 name element = toBytes32 (text name element)
    let channel name element = ChannelId(bytes32 name element)
    let address name element = toAddress (text name element)
    let amount name element = toAmount (digits name element)
    let unsigned name element = UInt64.Parse(digits name element)
    let number name element = Int32.Parse(digits name element)
    let flag name element = (get name element).GetBoolean()
    let hex (bytes: byte[]) = Hex.prefixed (ReadOnlySpan bytes)

    /// As one string, or as an object of r, s and v.
    let toSignature (element: JsonElement) : Signature =
        match element.ValueKind with
        | JsonValueKind.String -> Signature.tryOfSpan (ReadOnlySpan(toBytes (string (element.GetString())))) |> ofText "signature"
        | _ -> { R = bytes32 "r" element; S = bytes32 "s" element; V = byte (number "v" element) }

    let toAllocation element : Allocation =
        { Destination = bytes32 "destination" element
          Amount = amount "amount" element
          Type = byte (number "allocationType" element)
          Metadata = bytes "metadata" element }

    let private toExit element : AssetExit =
        { Asset = address "asset" element
          MetadataType = byte (number "assetType" (get "assetMetadata" element))
          Metadata = bytes "metadata" (get "assetMetadata" element)
          Allocations = list "allocations" toAllocation element }

    let toOutcome (element: JsonElement) : Outcome = element.EnumerateArray() |> Seq.map toExit |> List.ofSeq
    let outcome name element = toOutcome (get name element)

    let toFixed element : FixedPart =
        { Participants = list "participants" (fun item -> toAddress (string (item.GetString()))) element
          Nonce = unsigned "channelNonce" element
          App = address "appDefinition" element
          ChallengeDuration = UInt32.Parse(digits "challengeDuration" element) }

    let toVariable element : VariablePart =
        { Outcome = outcome "outcome" element
          AppData = bytes "appData" element
          Turn = unsigned "turnNum" element
          IsFinal = flag "isFinal" element }

    let toState element : State = { Fixed = toFixed element; Variable = toVariable element }
    let state name element = toState (get name element)

    /// Amounts by asset, zeros left out as Funds leaves them out.
    let funds name element : Funds =
        (get name element).EnumerateObject()
        |> Seq.fold (fun sum entry -> Funds.set (toAddress entry.Name) (toAmount (string (entry.Value.GetString()))) sum) Funds.empty

    let channelOf (state: State) = FixedPart.channelId state.Fixed
    let hashOf (state: State) = State.hash (channelOf state) state.Variable

    /// Signs a digest as it is.
    let signDigest (key: byte[]) (digest: Bytes32) : Signature =
        let signature = Array.zeroCreate<byte> 65

        if not (Curve.Default.TrySign(ReadOnlySpan(digest.ToArray()), ReadOnlySpan key, Span signature)) then failwith "bad key"

        Signature.tryOfSpan (ReadOnlySpan signature) |> ofText "signature"

    /// Signs a hash as a personal message.
    let sign key (hash: Bytes32) = signDigest key (Digest.personal hash)
    let signState key state = sign key (hashOf state)
    let keys name element = list name (fun item -> toBytes (string (item.GetString()))) element

    let recover (digest: Bytes32) (signature: Signature) : Address voption =
        let address = Array.zeroCreate<byte> 20

        if Curve.Default.TryRecoverAddress(ReadOnlySpan(digest.ToArray()), ReadOnlySpan(signature.ToArray()), Span address) then
            Address.tryOfArray address
        else
            ValueNone
