namespace Nitro.Signer.Policy

open Nitro.Kernel

/// Ready-made configurations. Each is as strict as it can be for its purpose.
module internal Presets =
    let private hour = 3_600L

    let limits: Limits =
        { Channels = 10_000
          Retired = 20_000_000
          Approvals = 1_000
          OutcomeEntries = 32
          Guarantees = 100
          InFlight = 64
          Payees = 1_000 }

    let private gwei (amount: uint64) = Amount.ofUInt64 (amount * 1_000_000_000UL)

    /// At most 0.1 of the native coin a day.
    let private fees: FeeLimits =
        { GasLimit = 3_000_000UL
          MaxFeePerGas = gwei 300UL
          MaxPriorityFeePerGas = gwei 20UL
          Window =
            { Limit = gwei 100_000_000UL
              Seconds = hour
              Buckets = 24 } }

    let private strict chainId adjudicator me apps : SignerConfig =
        { Version = 1UL
          ChainId = chainId
          Adjudicator = adjudicator
          Me = me
          Apps = apps
          ChallengeMin = 3_600u
          ChallengeMax = 604_800u
          Tokens = Map.empty
          NativeCap = Amount.zero
          Modes = Modes.enforceAll
          Limits = limits
          Confirmations = 12UL
          SightingSeconds = 600L
          FullyFunded = true
          SpendsFreely = false
          ClosesFreely = Set.ofList [ Payment ]
          MaxLocked = Funds.empty
          Budgets = []
          Velocity = Map.empty
          Fees = fees
          Payees = ValueNone
          Peers = ValueNone
          Approvers = Set.empty
          ApprovalSeconds = hour }

    /// For an owner who is there, and for a signer in the node's own process: the node may spend, and is kept from signing twice and
    /// from what its counterparties could take. The node's own policy bounds challenge durations and what is locked.
    let attended chainId adjudicator me apps : SignerConfig =
        { strict chainId adjudicator me apps with
            ChallengeMin = 0u
            ChallengeMax = System.UInt32.MaxValue
            SpendsFreely = true
            ClosesFreely = Set.ofList [ Direct; Ledger; Payment ]
            Confirmations = 1UL
            Fees =
                { GasLimit = 30_000_000UL
                  MaxFeePerGas = gwei 10_000UL
                  MaxPriorityFeePerGas = gwei 10_000UL
                  Window =
                    { Limit = gwei 10_000_000_000UL
                      Seconds = hour
                      Buckets = 24 } }
            Limits =
                { limits with
                    Channels = 100_000
                    OutcomeEntries = 64
                    Guarantees = 1_000
                    InFlight = 256 } }

    /// For a hub nobody watches: what goes out on one side has come in on the other. It pays nobody from its own money: no budget,
    /// no approver; per channel at most `deposit` of the native coin goes in, and at most `maxLocked` waits in half-open openings.
    let unattendedHub chainId adjudicator me apps (deposit: Amount) (maxLocked: Funds) : SignerConfig =
        { strict chainId adjudicator me apps with
            NativeCap = deposit
            MaxLocked = maxLocked
            ClosesFreely = Set.ofList [ Payment; Ledger ] }

    /// For a program that pays: `perDay` of the asset to each payee, `inAll` to all of them together, without asking
    /// anybody; at most `deposit` of it goes into one channel.
    let payingAgent chainId adjudicator me apps (asset: Address) (perDay: Amount) (inAll: Amount) (deposit: Amount) : SignerConfig =
        let day limit = { Limit = limit; Seconds = hour; Buckets = 24 }

        { strict chainId adjudicator me apps with
            NativeCap = (if asset = Address.zero then deposit else Amount.zero)
            Tokens = (if asset = Address.zero then Map.empty else Map.ofList [ asset, deposit ])
            Budgets =
                [ { Payee = ValueNone
                    Asset = asset
                    Window = day perDay } ]
            Velocity = Map.ofList [ asset, day inAll ] }
