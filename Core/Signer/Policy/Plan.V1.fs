namespace Nitro.Signer.Policy

open System
open System.Text.Json
open Nitro.Kernel

/// The owner's rules before the signer knows its key and where its signatures count.
type internal PolicyPlan =
    { /// The preset's name.
      Name: string
      /// Absent: the first contracts that a node names are kept for ever.
      Contracts: ContractSet voption
      Make: ContractSet -> Address -> SignerConfig }

/// A policy as its owner writes it: a preset, what that needs to know, and what is to be otherwise. JSON; amounts as integers or as strings.
module internal PolicyPlanV1 =
    /// Ledgers, payment channels, and go-nitro's payment channels, which run under no application.
    let private apps (contracts: ContractSet) =
        Map.ofList [ Address.zero, Payment; contracts.ConsensusApp, Ledger; contracts.VirtualPaymentApp, Payment ]

    let private on preset : ContractSet -> Address -> SignerConfig =
        fun contracts me -> preset contracts.ChainId contracts.Adjudicator me (apps contracts)

    /// The preset that takes no parameters.
    let standard: PolicyPlan =
        { Name = "open"
          Contracts = ValueNone
          Make = on Presets.attended }

    let private money key parent : Read<Amount voption> =
        match Json.field key parent with
        | ValueSome element when element.ValueKind = JsonValueKind.String ->
            (match Amount.tryParse (element.GetString() |> string) with
             | ValueSome amount -> Ok(ValueSome amount)
             | ValueNone -> Error $"{key}: expected an amount")
        | ValueSome _ -> Json.amountOption key parent
        | ValueNone -> Ok ValueNone

    let private needed key parent : Read<Amount> =
        money key parent
        |> Result.bind (fun found -> match found with ValueSome amount -> Ok amount | ValueNone -> Error $"{key}: expected an amount, found nothing")

    let private funds key parent : Read<Funds> =
        Json.entries
            key
            (fun name element ->
                let amount = if element.ValueKind = JsonValueKind.String then Amount.tryParse (element.GetString() |> string) else ValueNone

                match Text.address name, amount with
                | ValueSome asset, ValueSome amount -> Ok(asset, amount)
                | _ -> Error "expected an asset's address and an amount as a string")
            parent
        |> Result.map Map.ofList

    let private preset name root : Read<ContractSet -> Address -> SignerConfig> =
        match name with
        | ""
        | "open" -> Ok standard.Make
        | "unattended-hub" ->
            read {
                let! deposit = needed "deposit" root
                let! locked = funds "maxLocked" root
                return on (fun chain adjudicator me apps -> Presets.unattendedHub chain adjudicator me apps deposit locked)
            }
        | "paying-agent" ->
            read {
                let! asset = Json.address "asset" root
                let! perDay = needed "perDay" root
                let! inAll = needed "inAll" root
                let! deposit = needed "deposit" root
                return on (fun chain adjudicator me apps -> Presets.payingAgent chain adjudicator me apps asset perDay inAll deposit)
            }
        | other -> Error $"preset: expected open, unattended-hub or paying-agent, found {other}"

    let private known =
        Set.ofList
            [ "preset"; "deposit"; "maxLocked"; "asset"; "perDay"; "inAll"; "contracts"; "challengeMin"; "challengeMax"; "confirmations"
              "nativeCap"; "tokens"; "peers"; "payees"; "approvers"; "closesFreely"; "modes" ]

    /// A setting that nobody reads would look as if it held.
    let private onlyKnown (root: JsonElement) : Read<unit> =
        match root.EnumerateObject() |> Seq.tryFind (fun property -> not (known.Contains property.Name)) with
        | Some property -> Error $"{property.Name}: no such setting of a policy"
        | None -> Ok()

    let private given key root (reader: string -> JsonElement -> Read<'T>) (change: 'T -> SignerConfig -> SignerConfig) =
        match Json.field key root with
        | ValueNone -> Ok id
        | ValueSome _ -> reader key root |> Result.map change

    let private addresses key root : Read<Set<Address>> = Json.addresses key root |> Result.map Set.ofList

    let private modes key root : Read<Modes> =
        Json.entries
            key
            (fun tag element ->
                match (if element.ValueKind = JsonValueKind.String then element.GetString() |> string else "") with
                | "enforce" -> Ok(tag, Enforce)
                | "warn" -> Ok(tag, Warn)
                | "off" -> Ok(tag, Off)
                | _ -> Error $"{tag}: expected enforce, warn or off")
            root
        |> Result.bind Modes.tryCreate

    let private kinds key root : Read<Set<ChannelKind>> =
        let kindOf text = [ Direct; Ledger; Payment ] |> List.tryFind (fun kind -> SignerChannelV1.nameOf kind = text) |> ValueOption.ofOption
        Json.texts key "direct, ledger or payment" kindOf root |> Result.map Set.ofList

    /// Kept as lower-case digits, whichever way they were written: a key in another form would look as if it counted.
    let private approver text =
        match Hex.tryParse text with
        | ValueSome key when key.Length = 65 && key[0] = 4uy -> ValueSome(Hex.ofBytes (ReadOnlySpan key))
        | ValueSome _
        | ValueNone -> ValueNone

    let private overridden root : Read<SignerConfig -> SignerConfig> =
        [ given "challengeMin" root Json.uint32 (fun seconds config -> { config with ChallengeMin = seconds })
          given "challengeMax" root Json.uint32 (fun seconds config -> { config with ChallengeMax = seconds })
          given "confirmations" root Json.uint64 (fun blocks config -> { config with Confirmations = blocks })
          given "nativeCap" root needed (fun cap config -> { config with NativeCap = cap })
          given "tokens" root funds (fun tokens config -> { config with Tokens = tokens })
          given "peers" root addresses (fun peers config -> { config with Peers = ValueSome peers })
          given "payees" root addresses (fun payees config -> { config with Payees = ValueSome payees })
          given "approvers" root (fun key -> Json.texts key "a device's public key, as 'nitro device new' prints it (04 and 128 hexadecimal digits)" approver) (fun keys config -> { config with Approvers = Set.ofList keys })
          given "closesFreely" root kinds (fun kinds config -> { config with ClosesFreely = kinds })
          given "modes" root modes (fun modes config -> { config with Modes = modes }) ]
        |> List.fold (fun all next -> all |> Result.bind (fun change -> next |> Result.map (fun more -> change >> more))) (Ok id)

    let decode (bytes: ReadOnlyMemory<byte>) : Read<PolicyPlan> =
        Json.decode bytes (fun root ->
            read {
                do! onlyKnown root
                let! name = Json.string "preset" root
                let! make = preset name root
                let! change = overridden root
                let! fixedContracts = Json.nestedOption "contracts" PartsV1.readContracts root

                return
                    { Name = (if name = "" then standard.Name else name)
                      Contracts = fixedContracts
                      Make = fun contracts me -> change (make contracts me) }
            })

    let private limit (asset: Address, window: Window) = $"{window.Limit} of {asset} in {window.Seconds * int64 window.Buckets} s"

    /// What holds, a line each, for the operator.
    let describe (plan: PolicyPlan) : string list =
        let config = plan.Make (ValueOption.defaultValue ContractSet.none plan.Contracts) Address.zero
        let all items = match items with [] -> "nothing" | some -> String.Join(", ", some)
        let tokens = all [ for KeyValue(token, cap) in config.Tokens -> $"{cap} of {token}" ]
        let locked = all [ for KeyValue(asset, amount) in config.MaxLocked -> $"{amount} of {asset}" ]

        [ $"policy {plan.Name}: " + (if config.SpendsFreely then "the node may spend freely" else "the node may spend within its limits")
          if not config.SpendsFreely then
              $"budgets for each payee: {config.Budgets |> List.map (fun budget -> limit (budget.Asset, budget.Window)) |> all}"
              $"in all: {Map.toList config.Velocity |> List.map limit |> all}"
              $"one deposit: at most {config.NativeCap} of the native coin; tokens: {tokens}"
              $"locked in half-open openings, for each peer: {locked}"
          $"closes without asking: {all [ for kind in config.ClosesFreely -> SignerChannelV1.nameOf kind ]}"
          $"challenges of {config.ChallengeMin} to {config.ChallengeMax} s; deposits {config.Confirmations} blocks deep"
          $"fees: at most {config.Fees.MaxFeePerGas} wei for gas, {limit (Address.zero, config.Fees.Window)}"
          let weakened = Modes.toList config.Modes |> List.map fst
          if not weakened.IsEmpty then $"rules not enforced: {all weakened}" ]
