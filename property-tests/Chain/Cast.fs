namespace Nitro.PropertyTests.Chain

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Simulation

/// Who has a channel key.
type internal Party = { Key: byte[]; Address: Address }

/// What is odd about a ledger's outcomes.
[<RequireQualifiedAccess>]
type internal Twist =
    | Plain
    /// The second party is paid into another channel.
    | IntoChannel
    /// The second party is a contract, which takes no coin.
    | ToContract
    /// The second party is the zero address, to which tokens cannot be sent.
    | ToNobody
    /// Each asset comes twice, so that it is paid twice out of the same holdings.
    | Twice
    /// More than was deposited.
    | Greedy
    | Empty
    /// Of something that is no token.
    | NoToken
    /// The guarantee names a stranger as its left or its right.
    | StrangeLeft
    | StrangeRight
    /// The guarantee is for more than the channel pays.
    | TooLarge
    /// Its metadata is one byte short, or one byte longer than needed.
    | ShortMetadata
    | LongMetadata
    /// go-nitro's guarantee, which cannot be reclaimed.
    | OldType
    /// The ledger's first balance is close to the largest amount.
    | Huge

/// Two channels and those who take part: a ledger of Alice and Irene, and in it a virtual channel in which Alice pays Bob.
type internal Cast =
    { Deployed: Deployed
      Token: Address
      Alice: Party
      Irene: Party
      Bob: Party
      /// Takes part in nothing.
      Mallory: Party
      Ledger: FixedPart
      Virtual: FixedPart
      /// Of the ledger.
      Assets: Address list
      Twist: Twist }

    member this.LedgerId = FixedPart.channelId this.Ledger
    member this.VirtualId = FixedPart.channelId this.Virtual
    member this.LedgerParties = [ this.Alice; this.Irene ]
    member this.VirtualParties = [ this.Alice; this.Irene; this.Bob ]

/// States of the cast's channels, with real signatures.
module internal Cast =
    let private party (random: Random) : Party =
        let key = Array.zeroCreate<byte> 32
        random.NextBytes key
        // Small enough for the curve's order, and not zero.
        key[0] <- 1uy
        { Key = key; Address = RealCurve.addressOf key }

    let draw (random: Random) (deployed: Deployed) token assets twist : Cast =
        let alice, irene, bob = party random, party random, party random

        let channel (parties: Party list) app duration : FixedPart =
            { Participants = parties |> List.map _.Address
              Nonce = uint64 (random.NextInt64())
              App = app
              ChallengeDuration = duration }

        let duration = if random.Next 5 = 0 then 0u else uint32 (random.Next(20, 200))

        { Deployed = deployed
          Token = token
          Alice = alice
          Irene = irene
          Bob = bob
          Mallory = party random
          Ledger = channel [ alice; irene ] deployed.ConsensusApp duration
          Virtual = channel [ alice; irene; bob ] deployed.VirtualPaymentApp duration
          Assets = assets
          Twist = twist }

    let amount (value: int) = Amount.ofUInt64 (uint64 value)
    let destination (party: Party) = Destination.ofAddress party.Address

    /// A channel id that is nobody's.
    let elsewhere = ChannelId { Bytes32.ofUInt64 99UL with A = 99UL }

    let allocation destination value : Allocation =
        { Destination = destination
          Amount = amount value
          Type = AllocationType.simple
          Metadata = Array.Empty() }

    let exit asset allocations : AssetExit =
        { Asset = asset
          MetadataType = 0uy
          Metadata = Array.Empty()
          Allocations = allocations }

    /// What the ledger is to hold of each asset.
    let funding = 180

    /// What the ledger guarantees to the virtual channel, of Alice's.
    let guaranteed = 40

    let private guarantee (cast: Cast) : Allocation =
        let left = if cast.Twist = Twist.StrangeLeft then destination cast.Mallory else destination cast.Alice
        let right = if cast.Twist = Twist.StrangeRight then destination cast.Mallory else destination cast.Irene
        let metadata = Outcome.guaranteeMetadata left right

        { Destination = cast.VirtualId.Value
          Amount = amount (if cast.Twist = Twist.TooLarge then guaranteed + 1 else guaranteed)
          Type = if cast.Twist = Twist.OldType then AllocationType.goNitroGuarantee else AllocationType.guarantee
          Metadata =
            if cast.Twist = Twist.ShortMetadata then Array.truncate 63 metadata
            elif cast.Twist = Twist.LongMetadata then Array.append metadata [| 7uy |]
            else metadata }

    let private second (cast: Cast) =
        if cast.Twist = Twist.IntoChannel then elsewhere.Value
        elif cast.Twist = Twist.ToContract then Destination.ofAddress cast.Deployed.Adjudicator
        elif cast.Twist = Twist.ToNobody then Destination.ofAddress Address.zero
        else destination cast.Irene

    /// From turn 3 on the ledger guarantees the virtual channel, until it is final.
    let private ledgerAllocations (cast: Cast) (turn: int) isFinal =
        let guarantees = turn >= 3 && not isFinal
        let moved = if cast.Twist = Twist.Greedy then -50 else min 30 (turn * 3)
        let first = allocation (destination cast.Alice) (100 - moved - (if guarantees then guaranteed else 0))

        [ if cast.Twist = Twist.Huge then
              { first with Amount = Amount.ofSpan (ReadOnlySpan(Array.create 32 255uy)) }
          else
              first
          allocation (second cast) (80 + moved)
          if guarantees then guarantee cast ]

    let ledgerPart (cast: Cast) (turn: int) isFinal : VariablePart =
        let assets = if cast.Twist = Twist.Twice then cast.Assets @ cast.Assets else cast.Assets
        let assets = if cast.Twist = Twist.NoToken then assets @ [ cast.Mallory.Address ] else assets

        { Outcome =
            if cast.Twist = Twist.Empty then
                []
            else
                assets |> List.map (fun asset -> exit asset (ledgerAllocations cast turn isFinal))
          AppData = Array.Empty()
          Turn = uint64 turn
          IsFinal = isFinal }

    let private virtualOutcome (cast: Cast) payer payee : Outcome =
        [ exit cast.Assets.Head [ allocation (destination cast.Alice) payer; allocation (destination cast.Bob) payee ] ]

    let virtualPart (cast: Cast) (turn: int) isFinal : VariablePart =
        { Outcome = virtualOutcome cast guaranteed 0
          AppData = Array.Empty()
          Turn = uint64 turn
          IsFinal = isFinal }

    let sign (fixedPart: FixedPart) (parties: Party list) (part: VariablePart) : SignedPart =
        let hash = State.hash (FixedPart.channelId fixedPart) part

        { Part = part
          Signatures = parties |> List.map (fun party -> RealCurve.sign party.Key hash) }

    let challenger (fixedPart: FixedPart) (party: Party) (part: VariablePart) =
        RealCurve.sign party.Key (State.challengeHash (State.hash (FixedPart.channelId fixedPart) part))

    let voucher (cast: Cast) (payer: Party) total =
        let hash = Voucher.hash { Channel = cast.VirtualId; Total = amount total }
        Voucher.appData (amount total) (RealCurve.sign payer.Key hash)

    /// What Bob claims with a voucher.
    let redemptionPart (cast: Cast) total : VariablePart =
        { Outcome = virtualOutcome cast (guaranteed - total) total
          AppData = voucher cast cast.Alice total
          Turn = 2UL
          IsFinal = false }
