namespace Nitro.Core.Tests.Signer

open System
open System.Text
open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer
open Nitro.Signer.Policy
open Nitro.Wire
open Nitro.Core.Tests.Vectors.Sample

/// File signing/nitro-policy speaks in labels; this is the table that turns them into values.
///
/// | label | value |
/// |---|---|
/// | `eth`, `tok`, `0xTok`, `0xAdj`, `0xEvil` | the zero address; else the last 20 bytes of the label's hash, `tok` being `0xTok` |
/// | `mine`, `theirs` | the participants `me` (index 0) and `peer` |
/// | `c1`, `L`, `v1`, `a` ... | a channel of these two whose nonce is made of the label, under an application for its kind |
/// | `required`, `total` | the opening: `required` (half of the total where there is none) to me, the rest to the peer |
/// | `mustBeHeld` | the peer stands first in the opening |
/// | `myShare`, `total` of a virtual channel | its opening: payer, payee |
/// | `h0`, `h5`, `hf`, `p2` | the hash of the state of that turn: the newest one's outcome, the opening's for turns 0 and 1 |
/// | `h0x`, `hz` | the same state with the label as app data: another hash for the same content |
/// | `peerSigned: n` | the peer's turn; where we signed turn n too, the state that all support |
/// | `finalAllSigned`, `finalMine` | the supported state is final and gives me so much |
/// | `-1` as an amount | 2^256 - 1, the word that it would be on chain: amounts below zero cannot be written |
/// | no fees, nonces, confirmations, times | none, 0, 1, now: the vectors' model has no such rules |
module internal PolicyLabels =
    let now = 1_700_000_000L
    let known (fields: string list) (element: JsonElement) =
        for field in element.EnumerateObject() do
            if not (List.contains field.Name fields) then failwith $"the reader knows no field '{field.Name}'"

    let address (label: string) : Address =
        match label with
        | "eth" -> Address.zero
        | label ->
            let label = if label = "tok" then "0xTok" else label
            Address.ofSpan (ReadOnlySpan((Keccak.hash (Encoding.UTF8.GetBytes label)).ToArray(), 12, 20))

    let me = address "me"
    let peer = address "peer"
    let private mine = Destination.ofAddress me
    let private theirs = Destination.ofAddress peer
    let private app kind = match kind with Direct -> address "direct app" | Ledger -> address "ledger app" | Payment -> address "payment app"

    let fixedPart kind (label: string) : FixedPart =
        { Participants = [ me; peer ]
          Nonce = (Keccak.hash (Encoding.UTF8.GetBytes label)).A
          App = app kind
          ChallengeDuration = 86_400u }

    let private kindOf element =
        match text "kind" element with
        | "direct" -> Direct
        | "ledger" -> Ledger
        | "virtual" -> Payment
        | other -> failwith $"the reader knows no kind '{other}'"

    /// Labels that the state does not register are targets of guarantees, or channels nobody knows.
    let fixedOf (state: JsonElement) label =
        let channels = get "channels" state
        let kind = if has label channels then kindOf (get label channels) else Payment
        fixedPart kind label

    let channelId state label = FixedPart.channelId (fixedOf state label)

    let private amountOf (value: string) =
        if value = "-1" then toAmount (string (bigint.Pow(2I, 256) - 1I)) else toAmount value

    let private amount name element = amountOf (digits name element)

    let funds name element : Funds =
        if has name element then
            (get name element).EnumerateObject()
            |> Seq.fold (fun sum entry -> Funds.set (address entry.Name) (amountOf (entry.Value.ToString())) sum) Funds.empty
        else
            Funds.empty

    let private plain destination amount : Allocation =
        { Destination = destination
          Amount = amount
          Type = AllocationType.simple
          Metadata = [||] }

    let private exit asset allocations : AssetExit =
        { Asset = asset
          MetadataType = 0uy
          Metadata = [||]
          Allocations = allocations }

    let private guarantees state element =
        [ for entry in (get "guarantees" element).EnumerateObject() do
              let target = channelId state entry.Name
              let whole = Amount.addSaturated (amount "mine" entry.Value) (amount "theirs" entry.Value)
              target, { Target = target; Amount = whole; Left = mine; Right = theirs } ]
        |> Map.ofList

    let outcome state element : Outcome =
        [ for entry in (element: JsonElement).EnumerateObject() do
              yield!
                  Ledger.toExit
                      Nitro
                      { Asset = address entry.Name
                        Leader = mine
                        LeaderBalance = amount "mine" entry.Value
                        Follower = theirs
                        FollowerBalance = amount "theirs" entry.Value
                        Guarantees = guarantees state entry.Value } ]

    let private shares state element =
        [ for entry in (element: JsonElement).EnumerateObject() do
              for guarantee in (get "guarantees" entry.Value).EnumerateObject() do
                  channelId state guarantee.Name, amount "mine" guarantee.Value ]
        |> Map.ofList

    let private opening element : Outcome =
        [ for KeyValue(asset, total) in funds "total" element do
              let asked = if has "myShare" element then amount "myShare" element else Funds.get asset (funds "required" element)
              let own = if asked.IsZero && not (has "myShare" element) then toAmount (string (total.Value / 2I)) else asked
              let both = [ plain mine own; plain theirs (Amount.lacking total own) ]
              exit asset (if has "mustBeHeld" element then List.rev both else both) ]

    let private appData turn label =
        if label = $"h{turn}" || label = $"p{turn}" || label = "hf" then [||] else Encoding.UTF8.GetBytes(label: string)

    let variable turn label isFinal outcome : VariablePart =
        { Outcome = outcome
          AppData = appData turn label
          Turn = turn
          IsFinal = isFinal }

    let private last state element =
        let found = get "last" element

        if found.ValueKind = JsonValueKind.Null then ValueNone
        else
            let turn = unsigned "turn" found
            ValueSome(variable turn $"h{turn}" (flag "isFinal" found) (outcome state (get "outcome" found)))

    /// The state that a label stands for in a channel.
    let labelled state element turn label =
        match last state element with
        | ValueSome newest when newest.Turn = turn -> { newest with AppData = appData turn label }
        | ValueSome newest when turn > 1UL -> variable turn label false newest.Outcome
        | ValueSome _
        | ValueNone -> variable turn label false (opening element)

    let private fields =
        [ "kind"; "myIndex"; "required"; "observed"; "total"; "highestSigned"; "signed"; "peerSigned"; "last"; "closeApproved"
          "approvedOut"; "depositSigned"; "mustBeHeld"; "myShare"; "role"; "voucher"; "finalAllSigned"; "finalMine" ]

    let private supported state id element peerSigned =
        let seen (variable: VariablePart) =
            ValueSome { Variable = variable; Hash = State.hash id variable; By = Set.ofList [ 0; 1 ] }

        if has "finalAllSigned" element && flag "finalAllSigned" element then
            let total = (Seq.head (Map.toSeq (funds "total" element)) |> snd)
            let own = amount "finalMine" element
            let asset = Seq.head (Map.toSeq (funds "total" element)) |> fst
            seen (variable 2UL "hf" true [ exit asset [ plain mine own; plain theirs (Amount.lacking total own) ] ])
        elif peerSigned >= 0 && has (string peerSigned) (get "signed" element) then
            seen (labelled state element (uint64 peerSigned) $"h{peerSigned}")
        else
            ValueNone

    let private backing state label =
        [ for entry in (get "channels" state).EnumerateObject() do
              let found = get "last" entry.Value

              if found.ValueKind <> JsonValueKind.Null then
                  for asset in (get "outcome" found).EnumerateObject() do
                      if has label (get "guarantees" asset.Value) then channelId state entry.Name ]
        |> Set.ofList

    let private channel state (label: string) element : SignerChannel =
        known fields element
        if number "myIndex" element <> 0 then failwith "the reader knows index 0 only"
        if has "role" element && text "role" element <> "payer" then failwith "the reader knows payers only"
        let id = channelId state label
        let peerSigned = number "peerSigned" element

        let signed =
            [ for entry in (get "signed" element).EnumerateObject() do
                  let turn = UInt64.Parse entry.Name
                  turn, State.hash id (labelled state element turn (string (entry.Value.GetString()))) ]
            |> Map.ofList

        if number "highestSigned" element <> (if signed.IsEmpty then -1 else int (fst (Map.maxKeyValue signed))) then
            failwith "highestSigned is not the highest signed turn"

        let newest = last state element

        { Id = id
          Fixed = fixedOf state label
          Kind = kindOf element
          Dialect = Nitro
          Mine = 0
          Opening = variable 0UL "h0" false (opening element)
          Marks =
            { Marks.none with
                Signed = signed
                Final = (match newest with ValueSome newest -> newest.IsFinal | ValueNone -> false)
                VoucherTotal = (if has "voucher" element then amount "voucher" element else Amount.zero) }
          Last = newest
          PeerTurns = (if peerSigned >= 0 then Map.ofList [ 1, uint64 peerSigned ] else Map.empty)
          Pending = []
          Supported = supported state id element peerSigned
          Shares = (if newest.IsNone then Map.empty else shares state (get "outcome" (get "last" element)))
          Backing = backing state label
          Leaving = Set.empty
          Sighting = ValueSome { Holdings = funds "observed" element; Height = 1UL; Tip = 1UL; At = now }
          Deposits = funds "depositSigned" element |> Map.map (fun _ amount -> { Amount = amount; ExpectedHeld = Amount.zero })
          Received = Amount.zero
          Allowances = [ for KeyValue(asset, amount) in funds "approvedOut" element -> { Asset = asset; Amount = amount; Expires = Int64.MaxValue } ]
          CloseApproved = flag "closeApproved" element
          Proposed = Map.empty
          IdleSince = ValueNone }

    let state (element: JsonElement) : SignerState =
        known [ "channels" ] element

        let channels =
            [ for entry in (get "channels" element).EnumerateObject() -> channel element entry.Name entry.Value ]
            |> List.map (fun channel -> channel.Id, channel)
            |> Map.ofList

        { SignerState.empty with
            Channels = channels
            ChannelCount = channels.Count }

    let config (element: JsonElement) : SignerConfig =
        known [ "chainId"; "adjudicator"; "tokens"; "nativeCap"; "challengeDuration"; "maxGuarantees" ] element
        let durations = (get "challengeDuration" element).EnumerateArray() |> Seq.map _.GetUInt32() |> List.ofSeq

        { Presets.payingAgent
              (unsigned "chainId" element)
              (address (text "adjudicator" element))
              me
              (Map.ofList [ for kind in [ Direct; Ledger; Payment ] -> app kind, kind ])
              Address.zero
              Amount.zero
              Amount.zero
              (amount "nativeCap" element) with
            Budgets = []
            Velocity = Map.empty
            ClosesFreely = Set.empty
            FullyFunded = false
            Confirmations = 1UL
            ChallengeMin = durations[0]
            ChallengeMax = durations[1]
            Tokens =
                [ for entry in (get "tokens" element).EnumerateObject() do
                      known [ "approveCap" ] entry.Value
                      address entry.Name, amount "approveCap" entry.Value ]
                |> Map.ofList
            Limits = { Presets.limits with Guarantees = number "maxGuarantees" element } }

    let private data state element =
        let channel = if has "channel" element then text "channel" element else ""

        match text "method" element with
        | "deposit" ->
            ChainV1.deposit (address (text "asset" element)) (channelId state channel) (amount "expectedHeld" element) (amount "amount" element)
        | "approve" -> ChainV1.approve (address (text "spender" element)) (amount "amount" element)
        | "concludeAndTransferAllAssets" ->
            let found = labelled state (get channel (get "channels" state)) 1UL "h1"
            ChainV1.concludeAndTransferAllAssets (fixedOf state channel) { Part = found; Signatures = [] }
        | "transferOwnership" -> Array.append (ChainNamesV1.selector "transferOwnership(address)") (Destination.ofAddress peer |> _.ToArray())
        | other -> failwith $"the reader knows no method '{other}'"

    let private transaction state element : Transaction =
        { ChainId = unsigned "chainId" element
          Nonce = 0UL
          MaxPriorityFeePerGas = Amount.zero
          MaxFeePerGas = Amount.zero
          GasLimit = 0UL
          To = (if (get "to" element).ValueKind = JsonValueKind.Null then ValueNone else ValueSome(address (text "to" element)))
          Value = amount "value" element
          Data = data state element }

    let request (state: JsonElement) (element: JsonElement) : SignerRequest =
        let channel = if has "channel" element then text "channel" element else ""

        match text "kind" element with
        | "signState" ->
            known [ "kind"; "channel"; "turn"; "hash"; "isFinal"; "outcome" ] element
            let given = outcome state (get "outcome" element)

            SignState
                { Fixed = fixedOf state channel
                  Variable = variable (unsigned "turn" element) (text "hash" element) (flag "isFinal" element) given }
        | "signChallenge" ->
            known [ "kind"; "channel"; "turn"; "hash" ] element
            let element' = get channel (get "channels" state)
            SignChallenge { Fixed = fixedOf state channel; Variable = labelled state element' (unsigned "turn" element) (text "hash" element) }
        | "signVoucher" ->
            known [ "kind"; "channel"; "amount" ] element
            SignVoucher { Channel = channelId state channel; Total = amount "amount" element }
        | "signTx" ->
            known [ "kind"; "chainId"; "to"; "method"; "channel"; "asset"; "amount"; "value"; "expectedHeld"; "spender" ] element
            SignTransaction(transaction state element)
        | "signProposal" ->
            known [ "kind"; "channel"; "turn"; "hash"; "op"; "target"; "asset"; "myDeposit"; "theirDeposit"; "myAmount" ] element
            let target = channelId state (text "target" element)

            let proposal =
                match text "op" element with
                | "add" ->
                    let whole = Amount.addSaturated (amount "myDeposit" element) (amount "theirDeposit" element)
                    Add({ Target = target; Amount = whole; Left = mine; Right = theirs }, amount "myDeposit" element)
                | "remove" -> Remove(target, amount "myAmount" element)
                | other -> failwith $"the reader knows no operation '{other}'"

            SignProposal(channelId state channel, unsigned "turn" element, proposal)
        | other -> failwith $"the reader knows no request '{other}'"
