namespace Nitro.Signer.Policy

open System
open Nitro.Kernel
open Nitro.Protocol

/// A call of the chain account, read to its last byte.
type internal Call =
    | DepositCall of asset: Address * channel: ChannelId * expectedHeld: Amount * amount: Amount
    | ApproveCall of spender: Address * amount: Amount
    /// Any other call of the adjudicator: it moves money of this channel only as signed states say.
    | ChannelCall of ChannelId

/// Strict reading of calldata: what was read encodes to the same bytes again.
module internal Calldata =
    let private word = Abi.Word

    let private deposit (reader: AbiReader) =
        let asset = reader.Address()
        let channel = ChannelId(reader.Bytes32())
        let expectedHeld = reader.Amount()
        DepositCall(asset, channel, expectedHeld, reader.Amount())

    let private approve (reader: AbiReader) =
        let spender = reader.Address()
        ApproveCall(spender, reader.Amount())

    let private concluding (reader: AbiReader) =
        let offsets = reader.Skip 2
        reader.Expect(offsets, 0)
        let fixedPart = ChainPartsV1.readFixed reader
        reader.Expect(offsets + word, 0)
        ChainPartsV1.readSigned reader |> ignore
        ChannelCall(FixedPart.channelId fixedPart)

    /// A proof and a candidate, behind `tail` words of fixed size.
    let private supporting tail (reader: AbiReader) =
        let offsets = reader.Skip 3
        // A challenger's signature: a byte and two free words.
        if tail > 0 then
            reader.UInt8() |> ignore
            reader.Skip(tail - 1) |> ignore

        reader.Expect(offsets, 0)
        let fixedPart = ChainPartsV1.readFixed reader
        reader.Expect(offsets + word, 0)
        ChainPartsV1.readSignedList reader |> ignore
        reader.Expect(offsets + 2 * word, 0)
        ChainPartsV1.readSigned reader |> ignore
        ChannelCall(FixedPart.channelId fixedPart)

    let private transferAll (reader: AbiReader) =
        let channel = ChannelId(reader.Bytes32())
        let offset = reader.Skip 1
        reader.Bytes32() |> ignore
        reader.Expect(offset, 0)
        Outcome.read reader |> ignore
        ChannelCall channel

    let private reclaim (reader: AbiReader) =
        let offset = reader.Skip 1
        reader.Expect(offset, 0)
        let origin = reader.Position
        let source = ChannelId(reader.Bytes32())
        reader.Bytes32() |> ignore
        let sourceOutcome = reader.Skip 1
        reader.Skip 2 |> ignore
        reader.Bytes32() |> ignore
        let targetOutcome = reader.Skip 1
        reader.Skip 1 |> ignore
        reader.Expect(sourceOutcome, origin)
        reader.Bytes() |> ignore
        reader.Expect(targetOutcome, origin)
        reader.Bytes() |> ignore
        ChannelCall source

    let private table entries =
        entries |> List.map (fun (name, read) -> Hex.ofBytes (ReadOnlySpan(ChainNamesV1.selector name)), read) |> Map.ofList

    let private adjudicator: Map<string, AbiReader -> Call> =
        table
            [ ChainNamesV1.deposit, deposit
              ChainNamesV1.conclude, concluding
              ChainNamesV1.concludeAndTransferAllAssets, concluding
              ChainNamesV1.challenge, supporting 3
              ChainNamesV1.checkpoint, supporting 0
              ChainNamesV1.transferAllAssets, transferAll
              ChainNamesV1.reclaim, reclaim ]

    let private token: Map<string, AbiReader -> Call> = table [ ChainNamesV1.approve, approve ]

    /// Nothing for a selector outside the table and for arguments that are not written as they should be.
    let tryRead (isToken: bool) (data: byte[]) : Call voption =
        if data.Length < 4 then ValueNone
        else
            match (if isToken then token else adjudicator).TryFind(Hex.ofBytes (ReadOnlySpan(data, 0, 4))) with
            | None -> ValueNone
            | Some read ->
                let reader = AbiReader(ReadOnlyMemory(data, 4, data.Length - 4))
                let call = read reader
                if reader.Complete then ValueSome call else ValueNone
