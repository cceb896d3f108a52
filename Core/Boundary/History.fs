namespace Nitro

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire
open Nitro.Engine

/// A record of a journal, upon the state that it came upon. What it says is made when it is asked for. Made by `NodeHistory.Read`.
[<Sealed>]
type HistoryRecord internal (before: NodeHandle, after: NodeHandle, fact: Fact) =
    let subjects = lazy Subjects.ofFact before.State after.State fact
    /// The node after it.
    member _.Node = after
    /// A sentence. Ids in full; amounts in the smallest unit.
    member _.Words = Words.fact before.Settings before.State after.State fact
    /// The channels it is about.
    member _.Channels: IReadOnlyList<string> = [| for id in subjects.Value.Channels |> List.distinct -> id.ToString() |]
    /// The objectives it names.
    member _.Objectives: IReadOnlyList<string> = [| for id in subjects.Value.Objectives -> id.ToString() |]
    /// The API requests it is about: a voucher is about all that it pays.
    member _.Requests: IReadOnlyList<string> = [| for RequestId id in subjects.Value.Requests -> id |]
    /// The effect (journal position of its promise) whose end it tells; -1 for none.
    member _.Finishes: int64 =
        match fact with
        | IntentFinished(EffectId id, _) -> id
        | _ -> -1L
    /// Whether it promises an effect.
    member _.IsPromise = fact.IsIntentRecorded
    /// What is wrong with its signatures and promises, in words; none: nothing.
    member _.Findings: IReadOnlyList<string> = Proof.ofFact before.Settings before.State after.State fact |> List.toArray :> IReadOnlyList<string>

/// What a node was, as JSON.
module internal Picture =
    let private writeIntent (settings: Settings) (state: NodeState) id intent (writer: Utf8JsonWriter) =
        writer.WriteNumber("Effect", (id: int64))

        JsonWrite.string
            "Kind"
            (match intent with
             | SignPayload _ -> "Sign"
             | Tell _ -> "Tell"
             | SubmitCall _ -> "Chain")
            writer

        Intent.channel intent |> ValueOption.iter (fun id -> JsonWrite.bytes32 "Channel" id.Value writer)
        JsonWrite.string "What" (Words.intent settings state intent) writer

    /// Ours by asset: free in ledgers, and set aside for payment channels, of which what is left or was paid is still ours.
    let private balances (state: NodeState) =
        let ledgers = Views.allLedgers state |> List.filter (fun view -> view.Status = "Open" || view.Status = "Closing")

        let inPayments =
            ledgers
            |> List.collect (fun view -> Views.paymentsOf view.Id state)
            |> List.distinctBy (fun view -> view.Id)
            |> List.choose (fun view ->
                match NodeState.channel view.Id state with
                | ValueSome channel ->
                    Some(
                        view.Asset,
                        match Terms.role channel.Terms with
                        | Payer -> view.Remaining.Value
                        | Payee -> view.Paid.Value
                        | Intermediary -> channel.Terms.Total.Value
                    )
                | ValueNone -> None)

        let sum asset items = items |> List.filter (fun (of', _) -> of' = asset) |> List.sumBy snd

        [ for asset in ledgers |> List.map (fun view -> view.Asset) |> List.distinct |> List.sort do
              asset, sum asset (ledgers |> List.map (fun view -> view.Asset, view.MyBalance.Value)), sum asset inPayments ]

    let private raw (key: string) (json: byte[]) (writer: Utf8JsonWriter) =
        writer.WritePropertyName key
        writer.WriteRawValue(ReadOnlySpan json, true)

    let write (settings: Settings) (state: NodeState) epoch =
        let payments =
            state.Channels.Items.Values
            |> Seq.filter (fun channel -> not channel.Terms.IsLedger)
            |> Seq.map (Views.payment state)
            |> Seq.sortBy (fun view -> view.Id)
            |> Seq.toList

        let objectives =
            state.Objectives.Items.Values
            |> Seq.map (Views.objective settings state)
            |> Seq.sortBy (fun view -> view.Since.Micros, view.Id)
            |> Seq.toList

        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            JsonWrite.string "Address" (Text.checksum settings.Me) writer
            writer.WriteNumber("Position", state.Position - 1L)
            writer.WriteNumber("Epoch", (epoch: int))
            raw "Ledgers" (ViewV1.ledgers (Views.allLedgers state)) writer
            raw "Payments" (ViewV1.payments payments) writer
            raw "Objectives" (ViewV1.objectives objectives) writer
            JsonWrite.list "Outbox" (fun struct (id, intent) -> writeIntent settings state id intent) [ for struct (effect, intent) in Outbox.unfinished state.Outbox -> struct (effect.Value, intent) ] writer

            JsonWrite.list
                "Balances"
                (fun (asset: Address, free: bigint, aside: bigint) writer ->
                    JsonWrite.address "Asset" asset writer
                    JsonWrite.string "InLedgers" (free.ToString Globalization.CultureInfo.InvariantCulture) writer
                    JsonWrite.string "InPayments" (aside.ToString Globalization.CultureInfo.InvariantCulture) writer)
                (balances state)
                writer

            writer.WriteNumber("ForgottenChannels", Table.count state.Tombstones)
            writer.WriteEndObject())

/// A journal read by tools: what its records say, whether they keep the laws, and what the node was at any of them.
[<AbstractClass; Sealed>]
type NodeHistory private () =
    /// The wire name of the record that opens an epoch.
    static member OpeningType = "EpochOpened"

    /// Goes behind a copy of a journal that may lack its newest records: with it the node asks its peers what they hold, and signs nothing meanwhile
    /// that adds exposure.
    static member Restored() : CoreRecord =
        let struct (name, version, body) = LogV1.encode JournalRestored
        CoreRecord(name, version, body)

    /// Enough settings to read a journal with, where those of its node are not at hand. False: no address.
    static member TrySettings(address: string, recover: RecoverSigner, [<Out>] settings: byref<NodeSettings | null>, [<Out>] error: byref<string>) : bool =
        let json =
            JsonWrite.encode (fun writer ->
                writer.WriteStartObject()
                JsonWrite.string "address" address writer
                // Channels carry the addresses that they were opened with.
                JsonWrite.address "virtualPaymentApp" (Address.ofSpan (ReadOnlySpan(Array.init 20 byte))) writer
                writer.WriteEndObject())

        NitroCore.TryConfigure(ReadOnlyMemory json, recover, &settings, &error)

    /// A node that knows nothing, before the record at this position.
    static member Before(settings: NodeSettings, position: int64) =
        NodeHandle(settings.Settings, { NodeState.empty with Position = position }, NodeEpochs.First)

    /// Folds one fact, and tells what its record says.
    static member Read(node: NodeHandle, atMicros: int64, fact: NodeFact) : HistoryRecord =
        let state = NodeState.evolve node.State (Instant atMicros) fact.Fact
        HistoryRecord(node, NodeHandle(node.Settings, state, NodeEpochs.After(node.Mark, node.State, fact.Fact)), fact.Fact)

    /// What must hold of a node between steps and does not, in words; none: all is well.
    static member BrokenRules(node: NodeHandle) : IReadOnlyList<string> =
        Invariant.violations node.Settings node.State |> List.toArray :> IReadOnlyList<string>

    /// Signatures that the node holds and that are not what they say; none: all is well. For a journal whose earlier epochs are elsewhere.
    static member BadSignatures(node: NodeHandle) : IReadOnlyList<string> =
        Proof.ofState node.Settings node.State |> List.toArray :> IReadOnlyList<string>

    /// What an epoch's opening (`after` it) restates otherwise than it was (`before` it); empty where it is all the same.
    static member Difference(before: NodeHandle, after: NodeHandle) : string =
        let was, is = before.State, after.State

        [ if was.Channels <> is.Channels then "channels"
          if was.Objectives <> is.Objectives || was.OpenCount <> is.OpenCount then "objectives"
          if was.Outbox <> is.Outbox then "promises"
          if was.Requests <> is.Requests || was.RequestOrder <> is.RequestOrder then "requests"
          if was.Peers <> is.Peers then "peers"
          if was.Ledgers <> is.Ledgers then "the list of ledgers"
          if was.Ended <> is.Ended || was.EndedCount <> is.EndedCount || was.Tombstones <> is.Tombstones then "what is over"
          if was.Wakes <> is.Wakes then "wake-ups"
          if was.SeenHeight <> is.SeenHeight then "the chain's height"
          if was.Restored <> is.Restored then "whether it was restored" ]
        |> String.concat ", "

    /// 32 bytes that two machines have in common if and only if they have the same state: a hash over all that an epoch would restate.
    static member Digest(node: NodeHandle) : ReadOnlyMemory<byte> =
        let add (hash: Bytes32) fact =
            let struct (name, version, body) = LogV1.encode fact
            let head = System.Text.Encoding.UTF8.GetBytes $"{name} {version} "
            Keccak.hash (Array.concat [| hash.ToArray(); head; body |])

        let hash = Epoch.opening 1 node.State |> List.fold add Bytes32.zero
        ReadOnlyMemory(hash.ToArray())

    /// Channels, objectives, promises and balances as JSON, in the API's shapes; `Position` is the last record's.
    static member Picture(node: NodeHandle) : ReadOnlyMemory<byte> =
        ReadOnlyMemory(Picture.write node.Settings node.State node.Epoch)

    /// What the open objectives of a channel (`0x...`) wait for, in words; empty where there is nothing to wait for.
    static member Awaited(node: NodeHandle, channel: string) : IReadOnlyList<string> =
        let settings, state = node.Settings, node.State

        // What a peer took may be told again, and is not waited for.
        let isOpen need =
            match need with
            | Told(peer, telling) ->
                Intent.topic telling
                |> ValueOption.bind (fun id -> NodeState.channel id state)
                |> ValueOption.forall (fun channel -> not (List.contains (struct (peer, telling)) channel.Told))
            | OwnSignature _
            | OwnFinalState _
            | PeerSignature _
            | Proposed _
            | Countersignature _
            | LedgerChange _
            | ChainCalled _
            | Holdings _
            | Before _
            | VouchersSettled _ -> true

        let waiting (record: ObjectiveRecord) =
            if not record.Approved then
                [ "approval" ]
            else
                match Nitro.Objectives.Objective.advance { State = state; Settings = settings } record with
                | Nitro.Node.Waiting(_, needs) -> needs |> List.filter isOpen |> List.map (Words.need settings state)
                | Nitro.Node.Done _
                | Nitro.Node.Abandon _ -> []

        match Text.bytes32 channel with
        | ValueNone -> Array.Empty<string>()
        | ValueSome id ->
            [| for kind in [ DirectFunding; DirectDefunding; VirtualFunding; VirtualDefunding ] do
                   match NodeState.openObjective { Kind = kind; Channel = ChannelId id } state with
                   | ValueSome record -> yield! waiting record
                   | ValueNone -> () |]
