namespace Nitro.Signer

open System
open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer.Policy

/// One item of what a signer is asked, as bytes: always the structure, never a hash. JSON.
module internal RequestV1 =
    let private kind name (writer: Utf8JsonWriter) = JsonWrite.string "kind" name writer
    let private state (state: State) writer = writer |> JsonWrite.nested "state" (StateJson.write AsText state.Fixed state.Variable)
    let private channel (ChannelId id) writer = writer |> JsonWrite.bytes32 "channel" id
    let private signature (signature: Signature) writer = writer |> JsonWrite.signature "signature" (ValueSome signature)

    let private writeContracts (contracts: ContractSet) writer =
        writer |> JsonWrite.uint64 "chainId" contracts.ChainId
        writer |> JsonWrite.address "adjudicator" contracts.Adjudicator
        writer |> JsonWrite.address "consensusApp" contracts.ConsensusApp
        writer |> JsonWrite.address "virtualPaymentApp" contracts.VirtualPaymentApp

    let private writeApproval (approval: Approval) (credential: Credential) writer =
        match approval.Grant with
        | Spend(id, asset, amount, expires) ->
            writer |> JsonWrite.string "grant" "spend"
            writer |> channel id
            writer |> JsonWrite.address "asset" asset
            writer |> JsonWrite.amount "amount" amount
            writer |> PartsV1.writeTime "expires" expires
        | Close id ->
            writer |> JsonWrite.string "grant" "close"
            writer |> channel id

        writer |> JsonWrite.bytes32 "nonce" approval.Nonce
        writer |> PartsV1.writeTime "issuedAt" approval.IssuedAt
        writer |> JsonWrite.bytes "key" credential.Key
        writer |> JsonWrite.bytes "attestation" credential.Signature

    let private writeTransaction (transaction: Transaction) writer =
        writer |> JsonWrite.uint64 "chainId" transaction.ChainId
        writer |> JsonWrite.uint64 "nonce" transaction.Nonce
        writer |> JsonWrite.amount "maxPriorityFeePerGas" transaction.MaxPriorityFeePerGas
        writer |> JsonWrite.amount "maxFeePerGas" transaction.MaxFeePerGas
        writer |> JsonWrite.uint64 "gasLimit" transaction.GasLimit

        match transaction.To with
        | ValueSome target -> writer |> JsonWrite.address "to" target
        | ValueNone -> ()

        writer |> JsonWrite.amount "value" transaction.Value
        writer |> JsonWrite.bytes "data" transaction.Data

    let private write request (writer: Utf8JsonWriter) =
        match request with
        | UseContracts contracts ->
            writer |> kind "contracts"
            writer |> writeContracts contracts
        | NewChannel terms ->
            let opening = { Outcome = terms.Outcome; AppData = terms.AppData; Turn = Turn.preFund; IsFinal = false }
            writer |> kind "channel"
            writer |> state { Fixed = terms.Fixed; Variable = opening }
            writer |> JsonWrite.string "dialect" (SignerChannelV1.dialectName terms.Dialect)
        | ApproveRequest(approval, credential) ->
            writer |> kind "approval"
            writer |> writeApproval approval credential
        | ObserveDeposit(id, holdings, height, tip) ->
            writer |> kind "holdings"
            writer |> channel id
            writer |> PartsV1.writeFunds "held" holdings
            writer |> JsonWrite.uint64 "height" height
            writer |> JsonWrite.uint64 "tip" tip
        | RecordPeerSignature(seen, by) ->
            writer |> kind "peer-state"
            writer |> state seen
            writer |> signature by
        | SignState wanted ->
            writer |> kind "state"
            writer |> state wanted
        | SignProposal(ledger, turn, proposal) ->
            writer |> kind "proposal"
            writer |> JsonWrite.uint64 "turn" turn
            writer |> JsonWrite.nested "proposal" (StateJson.writeProposal ledger proposal)
        | SignVoucher voucher ->
            writer |> kind "voucher"
            writer |> channel voucher.Channel
            writer |> JsonWrite.amount "total" voucher.Total
        | RecordVoucher(voucher, by) ->
            writer |> kind "peer-voucher"
            writer |> channel voucher.Channel
            writer |> JsonWrite.amount "total" voucher.Total
            writer |> signature by
        | SignChallenge wanted ->
            writer |> kind "challenge"
            writer |> state wanted
        | SignTransaction transaction ->
            writer |> kind "transaction"
            writer |> writeTransaction transaction
        | CloseChannel id ->
            writer |> kind "close"
            writer |> channel id
        | SignTransportKey key ->
            writer |> kind "transport-key"
            writer |> JsonWrite.bytes32 "key" key
        | SignAddressRecord(publicKey, time) ->
            writer |> kind "address-record"
            writer |> JsonWrite.bytes "publicKey" publicKey
            writer |> PartsV1.writeTime "time" time
        | Heartbeat -> writer |> kind "heartbeat"

    let encode (request: SignerRequest) : byte[] =
        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            write request writer
            writer.WriteEndObject())

    let private readState root : Read<State> =
        Json.nested "state" (StateJson.read Json.destinationStrict) root
        |> Result.map (fun (struct (fixedPart, variable)) -> { Fixed = fixedPart; Variable = variable })

    let private readChannelId root : Read<ChannelId> = Json.bytes32 "channel" root |> Result.map ChannelId

    let private readSignature root : Read<Signature> =
        Json.signature "signature" root
        |> Result.bind (fun found -> match found with ValueSome by -> Ok by | ValueNone -> Error "signature: expected 65 bytes")

    let private readTerms root : Read<ChannelTerms> =
        read {
            let! opening = readState root
            let! dialect = SignerChannelV1.readDialect "dialect" root

            if opening.Variable.Turn <> Turn.preFund || opening.Variable.IsFinal then
                return! Error "state: expected a pre-fund state"
            else
                return
                    { Fixed = opening.Fixed
                      Outcome = opening.Variable.Outcome
                      AppData = opening.Variable.AppData
                      Dialect = dialect }
        }

    let private readGrant root : Read<Grant> =
        read {
            let! name = Json.string "grant" root
            let! id = readChannelId root

            match name with
            | "close" -> return Close id
            | "spend" ->
                let! asset = Json.address "asset" root
                let! amount = Json.amount "amount" root
                let! expires = PartsV1.readTime "expires" root
                return Spend(id, asset, amount, expires)
            | other -> return! Error $"grant: expected spend or close, found {other}"
        }

    let private readApproval root : Read<SignerRequest> =
        read {
            let! grant = readGrant root
            let! nonce = Json.bytes32 "nonce" root
            let! issuedAt = PartsV1.readTime "issuedAt" root
            let! key = Json.bytes "key" root
            let! attestation = Json.bytes "attestation" root
            return ApproveRequest({ Grant = grant; Nonce = nonce; IssuedAt = issuedAt }, { Key = key; Signature = attestation })
        }

    let private readVoucher root : Read<Voucher> =
        read {
            let! id = readChannelId root
            let! total = Json.amount "total" root
            return { Channel = id; Total = total }
        }

    let private readTransaction root : Read<Transaction> =
        read {
            let! chainId = Json.uint64 "chainId" root
            let! nonce = Json.uint64 "nonce" root
            let! tip = Json.amount "maxPriorityFeePerGas" root
            let! fee = Json.amount "maxFeePerGas" root
            let! gas = Json.uint64 "gasLimit" root

            // Absent is a deployment; the zero address is an address.
            let isDeployment =
                match Json.field "to" root with
                | ValueNone -> true
                | ValueSome element -> element.ValueKind = JsonValueKind.Null

            let! target = Json.address "to" root
            let! value = Json.amount "value" root
            let! data = Json.bytes "data" root

            return
                { ChainId = chainId
                  Nonce = nonce
                  MaxPriorityFeePerGas = tip
                  MaxFeePerGas = fee
                  GasLimit = gas
                  To = if isDeployment then ValueNone else ValueSome target
                  Value = value
                  Data = data }
        }

    let private readHoldings root : Read<SignerRequest> =
        read {
            let! id = readChannelId root
            let! held = PartsV1.readFunds "held" root
            let! height = Json.uint64 "height" root
            let! tip = Json.uint64 "tip" root
            return ObserveDeposit(id, held, height, tip)
        }

    let private readProposal root : Read<SignerRequest> =
        read {
            let! turn = Json.uint64 "turn" root
            let! struct (ledger, proposal) = Json.nested "proposal" (StateJson.readProposal Json.destinationStrict) root
            return SignProposal(ledger, turn, proposal)
        }

    let private readRecord root : Read<SignerRequest> =
        read {
            let! publicKey = Json.bytes "publicKey" root
            let! time = PartsV1.readTime "time" root
            if publicKey.Length = 64 then return SignAddressRecord(publicKey, time) else return! Error "publicKey: expected 64 bytes"
        }

    let private signed reading root = reading root |> Result.bind (fun found -> readSignature root |> Result.map (fun by -> found, by))

    let decode (body: ReadOnlyMemory<byte>) : Read<SignerRequest> =
        Json.decode body (fun root ->
            Json.string "kind" root
            |> Result.bind (fun kind ->
                match kind with
                | "contracts" -> PartsV1.readContracts root |> Result.map UseContracts
                | "channel" -> readTerms root |> Result.map NewChannel
                | "approval" -> readApproval root
                | "holdings" -> readHoldings root
                | "peer-state" -> signed readState root |> Result.map RecordPeerSignature
                | "state" -> readState root |> Result.map SignState
                | "proposal" -> readProposal root
                | "voucher" -> readVoucher root |> Result.map SignVoucher
                | "peer-voucher" -> signed readVoucher root |> Result.map RecordVoucher
                | "challenge" -> readState root |> Result.map SignChallenge
                | "transaction" -> readTransaction root |> Result.map SignTransaction
                | "close" -> readChannelId root |> Result.map CloseChannel
                | "transport-key" -> Json.bytes32 "key" root |> Result.map SignTransportKey
                | "address-record" -> readRecord root
                | "heartbeat" -> Ok Heartbeat
                | other -> Error $"kind: no such kind of item: {other}"))
