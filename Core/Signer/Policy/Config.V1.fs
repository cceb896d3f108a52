namespace Nitro.Signer.Policy

open System
open System.Text.Json
open Nitro.Kernel

/// The owner's configuration as bytes. JSON. A mode that a rule may not have is an error.
module internal SignerConfigV1 =
    let private modeNames = [ Enforce, "enforce"; Warn, "warn"; Off, "off" ]

    let private modeName mode =
        match mode with
        | Enforce -> "enforce"
        | Warn -> "warn"
        | Off -> "off"

    let private writeSet key (set: Set<Address> voption) (writer: Utf8JsonWriter) =
        match set with
        | ValueSome members -> JsonWrite.addresses key members writer
        | ValueNone -> ()

    /// Absent: everybody. An empty list: nobody.
    let private readSet key parent : Read<Set<Address> voption> =
        match Json.field key parent with
        | ValueNone -> Ok ValueNone
        | ValueSome _ -> Json.addresses key parent |> Result.map (Set.ofList >> ValueSome)

    let private limits (limits: Limits) writer =
        writer |> PartsV1.writeInt "channels" limits.Channels
        writer |> PartsV1.writeInt "retired" limits.Retired
        writer |> PartsV1.writeInt "approvals" limits.Approvals
        writer |> PartsV1.writeInt "outcomeEntries" limits.OutcomeEntries
        writer |> PartsV1.writeInt "guarantees" limits.Guarantees
        writer |> PartsV1.writeInt "inFlight" limits.InFlight
        writer |> PartsV1.writeInt "payees" limits.Payees

    let private readLimits parent : Read<Limits> =
        read {
            let! channels = PartsV1.readInt "channels" parent
            let! retired = PartsV1.readInt "retired" parent
            let! approvals = PartsV1.readInt "approvals" parent
            let! entries = PartsV1.readInt "outcomeEntries" parent
            let! guarantees = PartsV1.readInt "guarantees" parent
            let! inFlight = PartsV1.readInt "inFlight" parent
            let! payees = PartsV1.readInt "payees" parent

            if entries > 10_000 || guarantees > 10_000 || inFlight > 10_000 then
                return! Error "outcomeEntries, guarantees, inFlight: expected at most 10000"
            else
                return
                    { Channels = channels
                      Retired = retired
                      Approvals = approvals
                      OutcomeEntries = entries
                      Guarantees = guarantees
                      InFlight = inFlight
                      Payees = payees }
        }

    let private fees (fees: FeeLimits) writer =
        writer |> JsonWrite.uint64 "gasLimit" fees.GasLimit
        writer |> JsonWrite.amount "maxFeePerGas" fees.MaxFeePerGas
        writer |> JsonWrite.amount "maxPriorityFeePerGas" fees.MaxPriorityFeePerGas
        writer |> JsonWrite.nested "window" (PartsV1.writeWindow fees.Window)

    let private readFees parent : Read<FeeLimits> =
        read {
            let! gas = Json.uint64 "gasLimit" parent
            let! fee = Json.amount "maxFeePerGas" parent
            let! tip = Json.amount "maxPriorityFeePerGas" parent
            let! window = Json.nested "window" PartsV1.readWindow parent

            return
                { GasLimit = gas
                  MaxFeePerGas = fee
                  MaxPriorityFeePerGas = tip
                  Window = window }
        }

    let private budget (budget: Budget) writer =
        match budget.Payee with
        | ValueSome payee -> writer |> JsonWrite.address "payee" payee
        | ValueNone -> ()

        writer |> JsonWrite.address "asset" budget.Asset
        writer |> JsonWrite.nested "window" (PartsV1.writeWindow budget.Window)

    let private readBudget parent : Read<Budget> =
        read {
            let! payee = Json.address "payee" parent
            let! asset = Json.address "asset" parent
            let! window = Json.nested "window" PartsV1.readWindow parent

            return
                { Payee = (if payee = Address.zero then ValueNone else ValueSome payee)
                  Asset = asset
                  Window = window }
        }

    let private readMode parent : Read<string * Mode> =
        read {
            let! tag = Json.string "tag" parent
            let! name = Json.string "mode" parent

            match modeNames |> List.tryFind (fun (_, known) -> known = name) with
            | Some(mode, _) -> return tag, mode
            | None -> return! Error "mode: expected enforce, warn or off"
        }

    let private readApp parent =
        Json.address "app" parent |> Result.bind (fun app -> SignerChannelV1.readKind "kind" parent |> Result.map (fun kind -> app, kind))

    let private readVelocity parent =
        Json.address "asset" parent
        |> Result.bind (fun asset -> Json.nested "window" PartsV1.readWindow parent |> Result.map (fun window -> asset, window))

    let encode (config: SignerConfig) : byte[] =
        JsonWrite.encode (fun writer ->
            writer.WriteStartObject()
            writer |> JsonWrite.uint64 "version" config.Version
            writer |> JsonWrite.uint64 "chainId" config.ChainId
            writer |> JsonWrite.address "adjudicator" config.Adjudicator
            writer |> JsonWrite.address "me" config.Me

            writer
            |> JsonWrite.list
                "apps"
                (fun (app, kind) writer ->
                    JsonWrite.address "app" app writer
                    JsonWrite.string "kind" (SignerChannelV1.nameOf kind) writer)
                (Map.toList config.Apps)

            writer |> JsonWrite.uint32 "challengeMin" config.ChallengeMin
            writer |> JsonWrite.uint32 "challengeMax" config.ChallengeMax
            writer |> PartsV1.writeFunds "tokens" config.Tokens
            writer |> JsonWrite.amount "nativeCap" config.NativeCap

            writer
            |> JsonWrite.list
                "modes"
                (fun (tag, mode) writer ->
                    JsonWrite.string "tag" tag writer
                    JsonWrite.string "mode" (modeName mode) writer)
                (Modes.toList config.Modes)

            writer |> JsonWrite.nested "limits" (limits config.Limits)
            writer |> JsonWrite.uint64 "confirmations" config.Confirmations
            writer |> PartsV1.writeTime "sightingSeconds" config.SightingSeconds
            writer |> JsonWrite.boolean "fullyFunded" config.FullyFunded
            writer |> JsonWrite.boolean "spendsFreely" config.SpendsFreely
            writer |> JsonWrite.texts "closesFreely" (config.ClosesFreely |> Seq.map SignerChannelV1.nameOf)
            writer |> PartsV1.writeFunds "maxLocked" config.MaxLocked
            writer |> JsonWrite.list "budgets" budget config.Budgets

            writer
            |> JsonWrite.list
                "velocity"
                (fun (asset, window) writer ->
                    JsonWrite.address "asset" asset writer
                    JsonWrite.nested "window" (PartsV1.writeWindow window) writer)
                (Map.toList config.Velocity)

            writer |> JsonWrite.nested "fees" (fees config.Fees)
            writer |> writeSet "payees" config.Payees
            writer |> writeSet "peers" config.Peers
            writer |> JsonWrite.texts "approvers" config.Approvers
            writer |> PartsV1.writeTime "approvalSeconds" config.ApprovalSeconds
            writer.WriteEndObject())

    let private kindOf text =
        [ Direct; Ledger; Payment ] |> List.tryFind (fun kind -> SignerChannelV1.nameOf kind = text) |> ValueOption.ofOption

    let decode (bytes: ReadOnlyMemory<byte>) : Read<SignerConfig> =
        Json.decode bytes (fun root ->
            read {
                let! version = Json.uint64 "version" root
                let! chainId = Json.uint64 "chainId" root
                let! adjudicator = Json.address "adjudicator" root
                let! me = Json.address "me" root
                let! apps = Json.list "apps" readApp root
                let! challengeMin = Json.uint32 "challengeMin" root
                let! challengeMax = Json.uint32 "challengeMax" root
                let! tokens = PartsV1.readFunds "tokens" root
                let! nativeCap = Json.amount "nativeCap" root
                let! modes = Json.list "modes" readMode root |> Result.bind Modes.tryCreate
                let! limits = Json.nested "limits" readLimits root
                let! confirmations = Json.uint64 "confirmations" root
                let! sightingSeconds = PartsV1.readTime "sightingSeconds" root
                let! fullyFunded = Json.boolean "fullyFunded" root
                let! spendsFreely = Json.boolean "spendsFreely" root
                let! closesFreely = Json.texts "closesFreely" "a kind of channel" kindOf root
                let! maxLocked = PartsV1.readFunds "maxLocked" root
                let! budgets = Json.list "budgets" readBudget root
                let! velocity = Json.list "velocity" readVelocity root
                let! fees = Json.nested "fees" readFees root
                let! payees = readSet "payees" root
                let! peers = readSet "peers" root
                let! approvers = Json.texts "approvers" "a key" ValueSome root
                let! approvalSeconds = PartsV1.readTime "approvalSeconds" root

                return
                    { Version = version
                      ChainId = chainId
                      Adjudicator = adjudicator
                      Me = me
                      Apps = Map.ofList apps
                      ChallengeMin = challengeMin
                      ChallengeMax = challengeMax
                      Tokens = tokens
                      NativeCap = nativeCap
                      Modes = modes
                      Limits = limits
                      Confirmations = confirmations
                      SightingSeconds = sightingSeconds
                      FullyFunded = fullyFunded
                      SpendsFreely = spendsFreely
                      ClosesFreely = Set.ofList closesFreely
                      MaxLocked = maxLocked
                      Budgets = budgets
                      Velocity = Map.ofList velocity
                      Fees = fees
                      Payees = payees
                      Peers = peers
                      Approvers = Set.ofList approvers
                      ApprovalSeconds = approvalSeconds }
            })
