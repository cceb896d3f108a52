namespace Nitro.Simulation

open System
open Nitro.Kernel
open Nitro.Protocol

/// Addresses of the simulated world, and its contracts at the start.
module internal Places =
    let address (n: uint64) : Address = Destination.tryAddress (Bytes32.ofUInt64 (0xA000UL + n)) |> ValueOption.get
    let native = Address.zero
    let token = address 77UL
    /// Of these two the one that it is not.
    let other asset = if asset = native then token else native
    let consensusApp = address 100UL
    let virtualApp = address 101UL
    let adjudicator = address 102UL
    let chainId = 1337UL
    /// Pays into other people's channels.
    let stranger = address 99UL
    let amount (n: int) = Amount.ofUInt64 (uint64 n)

    /// Who may stand in a story.
    let people = [| for n in 1UL .. 40UL -> address n |]

    let private fortune = Amount.ofUInt64 1_000_000_000_000UL
    let private unlimited = Amount.ofSpan (ReadOnlySpan(Array.create 32 255uy))

    /// Everybody has tokens, and lets the adjudicator take them.
    let contracts : Contracts =
        let holders = stranger :: List.ofArray people
        let all amount = holders |> List.map (fun who -> who, amount) |> Map.ofList

        { Contracts.deploy
            { Adjudicator = adjudicator
              ConsensusApp = consensusApp
              VirtualPaymentApp = virtualApp } with
            Tokens = Map.ofList [ token, { Balances = all fortune; Allowances = all unlimited } ] }
