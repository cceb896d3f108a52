namespace Nitro.Signer.Policy

open System
open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol

/// A stored part of the signer's memory. Without a value: to be deleted.
[<Struct>]
type internal Row = { Key: byte[]; Value: byte[] voption }

/// The signer's memory in rows, so that a signature writes what it changed and no more. Reading is total: damage is an error.
module internal SignerRowsV1 =
    let private head, channels, vouchers, retired = byte 'h', byte 'c', byte 'v', byte 'r'
    let private budgets, outflow, account, approvals, warned = byte 'b', byte 'o', byte 'a', byte 'd', byte 'w'
    let private key (kind: byte) (rest: byte[]) : byte[] = Array.append [| kind |] rest
    let private put key value : Row = { Key = key; Value = ValueSome value }
    let private drop key : Row = { Key = key; Value = ValueNone }
    let private ofChannel kind (id: ChannelId) = key kind (id.Value.ToArray())

    let private word (amount: Amount) =
        let bytes = Array.zeroCreate<byte> 32
        Amount.copyTo (Span bytes) amount
        bytes

    let private json write : byte[] =
        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            write writer
            writer.WriteEndObject())

    let private writeHead (memory: SignerState) (writer: Utf8JsonWriter) =
        writer |> JsonWrite.uint64 "version" memory.Version
        writer |> JsonWrite.bytes32 "root" memory.Root
        writer |> PartsV1.writeTime "clock" memory.Clock
        writer |> JsonWrite.boolean "suspect" memory.Suspect

    let private writeAccount (memory: SignerState) (writer: Utf8JsonWriter) =
        let nonce (entry: struct (uint64 * NonceUse)) writer =
            let struct (nonce, used) = entry
            writer |> JsonWrite.uint64 "nonce" nonce
            writer |> JsonWrite.bytes32 "effect" used.Effect
            writer |> JsonWrite.bytes32 "digest" used.Digest

        writer |> JsonWrite.list "nonces" nonce [ for KeyValue(nonce, used) in memory.Nonces -> struct (nonce, used) ]
        writer |> JsonWrite.uint64 "nonceFloor" memory.NonceFloor
        writer |> PartsV1.writeOption "fees" PartsV1.writeSpent memory.Fees

    let private writeApprovals (memory: SignerState) (writer: Utf8JsonWriter) =
        let approval (entry: struct (Bytes32 * Bytes32 * int64)) writer =
            let struct (nonce, content, until) = entry
            writer |> JsonWrite.bytes32 "nonce" nonce
            writer |> JsonWrite.bytes32 "content" content
            writer |> PartsV1.writeTime "until" until

        let entries = [ for KeyValue(nonce, struct (content, until)) in memory.Approvals -> struct (nonce, content, until) ]
        writer |> JsonWrite.list "approvals" approval entries

    let private writeWarned (memory: SignerState) (writer: Utf8JsonWriter) =
        let count (entry: struct (string * uint64)) writer =
            let struct (tag, times) = entry
            writer |> JsonWrite.string "tag" tag
            writer |> JsonWrite.uint64 "count" times

        writer |> JsonWrite.list "warned" count [ for KeyValue(tag, times) in memory.Warned -> struct (tag, times) ]

    let private isSame (a: 'T) (b: 'T) = obj.ReferenceEquals(a, b)

    /// Only its vouchers went on: a small row of their own stands for the channel's.
    let private hasOnlyPaid (before: SignerChannel) (after: SignerChannel) =
        isSame before.Marks.Signed after.Marks.Signed
        && { before with Marks = { before.Marks with VoucherTotal = after.Marks.VoucherTotal } } = after

    let private channelRows (before: SignerState) (after: SignerState) id =
        match before.Channels.TryFind id, after.Channels.TryFind id with
        | Some earlier, Some now when isSame earlier now -> []
        | Some earlier, Some now when hasOnlyPaid earlier now -> [ put (ofChannel vouchers id) (word now.Marks.VoucherTotal) ]
        | _, Some now -> [ put (ofChannel channels id) (SignerChannelV1.encode now) ]
        | Some _, None -> [ drop (ofChannel channels id); drop (ofChannel vouchers id) ]
        | None, None -> []

    /// Those that made room for others: always the longest idle.
    let private madeRoom (before: SignerState) (after: SignerState) =
        before.Idle
        |> Seq.takeWhile (fun entry -> not (after.Idle.Contains entry))
        |> Seq.map (fun (struct (_, id)) -> id)

    /// With a ledger's turn its payment channels may go.
    let private withLeaving (before: SignerState) id =
        match before.Channels.TryFind id with
        | Some channel -> id :: List.ofSeq channel.Leaving
        | None -> [ id ]

    let private retiredRows (before: SignerState) (after: SignerState) (ids: seq<ChannelId>) =
        if isSame before.Retired after.Retired then
            []
        else
            [ for page in ids |> Seq.map RetiredIds.page |> Seq.distinct do
                  let entries = RetiredIds.onPage page after.Retired
                  if entries.Length > (RetiredIds.onPage page before.Retired).Length then put (key retired [| byte (page >>> 8); byte page |]) entries ]

    /// Where few entries change, but any may go.
    let private mapRows kind keyOf encode (before: Map<'K, Spent>) (after: Map<'K, Spent>) =
        if isSame before after then []
        else
            [ for KeyValue(at, spent) in after do
                  if before.TryFind at <> Some spent then put (key kind (keyOf at)) (encode spent)
              for KeyValue(at, _) in before do
                  if not (after.ContainsKey at) then drop (key kind (keyOf at)) ]

    let private spent (value: Spent) = json (PartsV1.writeSpent value)
    let private ofBudget (struct (payee: Address, asset: Address)) = Array.append (payee.ToArray()) (asset.ToArray())
    let private ofAsset (asset: Address) = asset.ToArray()

    /// What a change wrote. `touched`: every channel that it may have been about.
    let changes (before: SignerState) (after: SignerState) (touched: seq<ChannelId>) : Row list =
        if before.Version = after.Version then []
        else
            let changed = Seq.append (touched |> Seq.collect (withLeaving before)) (madeRoom before after) |> Seq.distinct |> List.ofSeq

            [ put [| head |] (json (writeHead after))
              for id in changed do
                  yield! channelRows before after id
              yield! retiredRows before after changed
              yield! mapRows budgets ofBudget spent before.Budgets after.Budgets
              yield! mapRows outflow ofAsset spent before.Outflow after.Outflow
              if not (isSame before.Nonces after.Nonces) then put [| account |] (json (writeAccount after))
              if not (isSame before.Approvals after.Approvals) then put [| approvals |] (json (writeApprovals after))
              if not (isSame before.Warned after.Warned) then put [| warned |] (json (writeWarned after)) ]

    /// Every channel that a request may change.
    let touches request : ChannelId list =
        match request with
        | NewChannel terms -> [ FixedPart.channelId terms.Fixed ]
        | ApproveRequest(approval, _) -> [ Approval.channel approval ]
        | RecordPeerSignature(state, _)
        | SignState state -> [ FixedPart.channelId state.Fixed ]
        | SignProposal(ledger, _, proposal) -> [ ledger; proposal.Target ]
        | ObserveDeposit(id, _, _, _)
        | CloseChannel id -> [ id ]
        | SignVoucher voucher
        | RecordVoucher(voucher, _) -> [ voucher.Channel ]
        | SignTransaction transaction ->
            (match Calldata.tryRead false transaction.Data with
             | ValueSome(DepositCall(_, id, _, _))
             | ValueSome(ChannelCall id) -> [ id ]
             | ValueSome(ApproveCall _)
             | ValueNone -> [])
        | UseContracts _
        | SignChallenge _
        | SignTransportKey _
        | SignAddressRecord _
        | Heartbeat -> []

    let private readHead (memory: SignerState) root : Read<SignerState> =
        read {
            let! version = Json.uint64 "version" root
            let! rootHash = Json.bytes32 "root" root
            let! clock = PartsV1.readTime "clock" root
            let! suspect = Json.boolean "suspect" root
            return { memory with Version = version; Root = rootHash; Clock = clock; Suspect = suspect }
        }

    let private readUse root : Read<uint64 * NonceUse> =
        read {
            let! nonce = Json.uint64 "nonce" root
            let! effect = Json.bytes32 "effect" root
            let! digest = Json.bytes32 "digest" root
            return nonce, { Effect = effect; Digest = digest }
        }

    let private readAccount (memory: SignerState) root : Read<SignerState> =
        read {
            let! nonces = Json.list "nonces" readUse root
            let! floor = Json.uint64 "nonceFloor" root
            let! fees = Json.nestedOption "fees" PartsV1.readSpent root
            return { memory with Nonces = Map.ofList nonces; NonceFloor = floor; Fees = fees }
        }

    let private readApproval root : Read<Bytes32 * struct (Bytes32 * int64)> =
        read {
            let! nonce = Json.bytes32 "nonce" root
            let! content = Json.bytes32 "content" root
            let! until = PartsV1.readTime "until" root
            return nonce, struct (content, until)
        }

    let private readCount root : Read<string * uint64> =
        read {
            let! tag = Json.string "tag" root
            let! times = Json.uint64 "count" root
            return tag, times
        }

    let private toChannelId (bytes: byte[]) = ChannelId(Bytes32.ofSpan (ReadOnlySpan bytes))
    let private toAddress (bytes: byte[]) at = Address.ofSpan (ReadOnlySpan(bytes, at, 20))

    let private readChannel (memory: SignerState) id (value: byte[]) : Read<SignerState> =
        SignerChannelV1.decode (ReadOnlyMemory value)
        |> Result.bind (fun channel ->
            if channel.Id <> id then
                Error "a channel stands under another's id"
            else
                let idle = match channel.IdleSince with ValueSome since -> memory.Idle.Add(struct (since, id)) | ValueNone -> memory.Idle
                Ok { memory with Channels = memory.Channels.Add(id, channel); ChannelCount = memory.ChannelCount + 1; Idle = idle })

    /// After its channel: rows come in the order of their keys.
    let private readVouchers (memory: SignerState) id (value: byte[]) : Read<SignerState> =
        match memory.Channels.TryFind id with
        | Some channel when value.Length = 32 ->
            let total = Amount.max channel.Marks.VoucherTotal (Amount.ofSpan (ReadOnlySpan value))
            Ok { memory with Channels = memory.Channels.Add(id, { channel with Marks = { channel.Marks with VoucherTotal = total } }) }
        | Some _
        | None -> Error "vouchers stand without their channel"

    let private row (memory: SignerState) (struct (at: byte[], value: byte[])) : Read<SignerState> =
        let rest = if at.Length > 1 then Array.skip 1 at else [||]
        let whole (reading: JsonElement -> Read<'T>) = Json.decode (ReadOnlyMemory value) reading

        match (if at.Length = 0 then 0uy else at[0]), rest.Length with
        | kind, 0 when kind = head -> whole (readHead memory)
        | kind, 0 when kind = account -> whole (readAccount memory)
        | kind, 0 when kind = approvals -> whole (Json.list "approvals" readApproval) |> Result.map (fun all -> { memory with Approvals = Map.ofList all })
        | kind, 0 when kind = warned -> whole (Json.list "warned" readCount) |> Result.map (fun all -> { memory with Warned = Map.ofList all })
        | kind, 32 when kind = channels -> readChannel memory (toChannelId rest) value
        | kind, 32 when kind = vouchers -> readVouchers memory (toChannelId rest) value
        | kind, 2 when kind = retired ->
            (match RetiredIds.tryRestore ((uint16 rest[0] <<< 8) ||| uint16 rest[1]) value memory.Retired with
             | ValueSome ids -> Ok { memory with Retired = ids }
             | ValueNone -> Error "a page of ids that no page can be")
        | kind, 40 when kind = budgets ->
            whole PartsV1.readSpent
            |> Result.map (fun spent -> { memory with Budgets = memory.Budgets.Add(struct (toAddress rest 0, toAddress rest 20), spent) })
        | kind, 20 when kind = outflow ->
            whole PartsV1.readSpent |> Result.map (fun spent -> { memory with Outflow = memory.Outflow.Add(toAddress rest 0, spent) })
        | _ -> Error "a row of no known kind"

    /// In ascending order of their keys.
    let decode (rows: struct (byte[] * byte[]) list) : Read<SignerState> =
        rows |> List.fold (fun memory next -> memory |> Result.bind (fun memory -> row memory next)) (Ok SignerState.empty)
