namespace Nitro.Wire

open System
open System.Text.Json
open Nitro.Kernel
open Nitro.Node

/// What a host configures, as JSON. Amounts are decimal strings, by asset; `"*"` stands for every other asset.
module internal SettingsV1 =
    let private byAsset key parent : Read<struct (Map<Address, Amount> * Amount voption)> =
        Json.entries key (fun name element ->
            let amount =
                match element.ValueKind with
                | JsonValueKind.String -> Amount.tryParse (string (element.GetString()))
                | _ -> ValueNone

            match amount, (if name = "*" then ValueSome ValueNone else Text.address name |> ValueOption.map ValueSome) with
            | ValueSome amount, ValueSome asset -> Ok(struct (asset, amount))
            | ValueNone, _ -> Error $"{name}: expected an amount as a string of decimal digits"
            | _, ValueNone -> Error $"{name}: expected \"*\" or an asset's address") parent
        |> Result.map (fun entries ->
            let named = entries |> List.choose (fun struct (asset, amount) -> match asset with ValueSome a -> Some(a, amount) | ValueNone -> None)
            let any = entries |> List.tryPick (fun struct (asset, amount) -> if asset.IsNone then Some amount else None)

            struct (Map.ofList named,
                    (match any with
                     | Some amount -> ValueSome amount
                     | None -> ValueNone)))

    let private mode key parent : Read<ApprovalMode> =
        Json.string key parent
        |> Result.bind (fun text ->
            match text with
            | ""
            | "automatic" -> Ok Automatic
            | "manual" -> Ok Manual
            | other -> Error $"{key}: expected automatic or manual, found {other}")

    let private orDefault key parent fallback (reader: string -> JsonElement -> Read<'T>) : Read<'T> =
        match Json.field key parent with
        | ValueSome _ -> reader key parent
        | ValueNone -> Ok fallback

    let private policy (root: JsonElement) : Read<Policy> =
        read {
            let! approval = mode "mode" root
            let! allowed = Json.addresses "allowPeers" root
            let! denied = Json.addresses "denyPeers" root
            let! struct (largest, anyLargest) = byAsset "largestAmount" root
            let! duration = orDefault "minChallengeDuration" root Policy.standard.MinChallengeDuration Json.uint32
            let! struct (unenforceable, anyUnenforceable) = byAsset "maxUnenforceable" root
            let! struct (locked, anyLocked) = byAsset "maxLocked" root

            return
                { Mode = approval
                  AllowedPeers = Set.ofList allowed
                  DeniedPeers = Set.ofList denied
                  LargestAmount = largest
                  AnyAsset = anyLargest
                  MinChallengeDuration = duration
                  MaxUnenforceable = unenforceable
                  AnyUnenforceable = ValueOption.defaultValue Amount.zero anyUnenforceable
                  MaxLocked = locked
                  AnyLocked = anyLocked }
        }

    let decode (recover: Recover) (json: ReadOnlyMemory<byte>) : Read<Settings> =
        Json.decode json (fun root ->
            read {
                let! me = Json.address "address" root
                let! consensusApp = Json.address "consensusApp" root
                let! virtualApp = Json.address "virtualPaymentApp" root
                let! adjudicator = Json.address "adjudicator" root
                let! chainId = Json.uint64 "chainId" root
                let! confirmations = Json.uint64 "confirmations" root
                let! duration = orDefault "defaultChallengeDuration" root 86_400u Json.uint32
                let! goNitro = Json.addresses "goNitroPeers" root
                let! openingSeconds = orDefault "openingSeconds" root Limits.standard.OpeningSeconds (fun key parent -> Json.uint32 key parent |> Result.map int64)
                let! rules = Json.nested "policy" policy root

                if me = Address.zero then
                    return! Error "address: the node's own address is missing"
                elif virtualApp = consensusApp then
                    return! Error $"virtualPaymentApp: virtual payment app address and consensus app address cannot be the same: {consensusApp}"
                else
                    return
                        { Me = me
                          ConsensusApp = consensusApp
                          VirtualApp = virtualApp
                          Adjudicator = adjudicator
                          ChainId = chainId
                          Confirmations = confirmations
                          DefaultChallengeDuration = duration
                          GoNitroPeers = Set.ofList goNitro
                          Policy = rules
                          Limits = { Limits.standard with OpeningSeconds = openingSeconds }
                          Recover = recover }
            })
