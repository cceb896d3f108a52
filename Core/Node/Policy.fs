namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// Who decides about what peers propose.
[<Struct>]
type internal ApprovalMode =
    /// The rules below, at once.
    | Automatic
    /// The rules below may refuse; the rest waits for `approve_objective`.
    | Manual

/// The operator's rules, as a plain value. Amounts by asset; an asset not listed falls back to the `AnyAsset` amount.
type internal Policy =
    { Mode: ApprovalMode
      /// Empty: everyone not denied.
      AllowedPeers: Set<Address>
      DeniedPeers: Set<Address>
      /// Our own share in one channel.
      LargestAmount: Map<Address, Amount>
      AnyAsset: Amount voption
      /// Seconds.
      MinChallengeDuration: uint32
      /// What may stand open per peer in channels that the contracts cannot enforce.
      MaxUnenforceable: Map<Address, Amount>
      AnyUnenforceable: Amount
      /// What may be locked per ledger for openings that are not complete.
      MaxLocked: Map<Address, Amount>
      AnyLocked: Amount voption }

/// The bounds that keep one caller or peer from using up the node.
type internal Limits =
    { ProposalsInFlight: int
      OpenObjectives: int
      OpenObjectivesPerPeer: int
      PendingPaymentsPerChannel: int
      UnfinishedPerPeer: int
      SignaturesPerFrame: int
      FrameBytes: int
      OpeningSeconds: int64 }

/// All that the core is told about its host, fixed while the node runs.
type internal Settings =
    { Me: Address
      ConsensusApp: Address
      VirtualApp: Address
      Adjudicator: Address
      /// 0 where the host does not say.
      ChainId: uint64
      /// How far below the chain's tip the blocks are that the host shows.
      Confirmations: uint64
      /// Seconds; stands for 0 in requests.
      DefaultChallengeDuration: uint32
      GoNitroPeers: Set<Address>
      Policy: Policy
      Limits: Limits
      Recover: Recover }

    member this.DialectOf peer = if this.GoNitroPeers.Contains peer then GoNitro else Nitro

module internal Limits =
    let standard =
        { ProposalsInFlight = 32
          OpenObjectives = 20_000
          OpenObjectivesPerPeer = 256
          PendingPaymentsPerChannel = 4_096
          UnfinishedPerPeer = 1_024
          SignaturesPerFrame = 64
          FrameBytes = 1 <<< 20
          OpeningSeconds = 600L }

module internal Policy =
    let permissive =
        { Mode = Automatic
          AllowedPeers = Set.empty
          DeniedPeers = Set.empty
          LargestAmount = Map.empty
          AnyAsset = ValueNone
          MinChallengeDuration = 0u
          MaxUnenforceable = Map.empty
          AnyUnenforceable = Amount.zero
          MaxLocked = Map.empty
          AnyLocked = ValueNone }

    let standard = { permissive with MinChallengeDuration = 3_600u }

    let private limitFor asset (byAsset: Map<Address, Amount>) any =
        match byAsset.TryFind asset with
        | Some amount -> ValueSome amount
        | None -> any

    let peer (policy: Policy) who =
        if policy.DeniedPeers.Contains who then Error "policy-peer-denied"
        elif not policy.AllowedPeers.IsEmpty && not (policy.AllowedPeers.Contains who) then Error "policy-peer-not-allowed"
        else Ok()

    let amount (policy: Policy) asset (own: Amount) =
        match limitFor asset policy.LargestAmount policy.AnyAsset with
        | ValueSome most when own > most -> Error "policy-amount-too-large"
        | _ -> Ok()

    let challengeDuration (policy: Policy) seconds =
        if seconds < policy.MinChallengeDuration then Error "policy-challenge-duration-too-short" else Ok()

    let unenforceableLimit (policy: Policy) asset =
        match limitFor asset policy.MaxUnenforceable (ValueSome policy.AnyUnenforceable) with
        | ValueSome most -> most
        | ValueNone -> Amount.zero

    let lockedLimit (policy: Policy) asset = limitFor asset policy.MaxLocked policy.AnyLocked
