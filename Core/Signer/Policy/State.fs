namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer

/// A state and which participants have signed it, by index.
type internal Witnessed =
    { Variable: VariablePart
      Hash: Bytes32
      By: Set<int> }

/// What the chain was said to hold for a channel.
type internal Sighting =
    { Holdings: Funds
      /// Of the block it was read at, and of the newest block then.
      Height: Height
      Tip: Height
      /// Seconds since 1970, by the signer's clock.
      At: int64 }

/// What the owner approved to leave a channel, used up piece by piece.
type internal Allowance =
    { Asset: Address
      Amount: Amount
      /// Seconds since 1970.
      Expires: int64 }

/// What was signed of our deposit in one asset.
type internal Deposited =
    { Amount: Amount
      /// The newest deposit's.
      ExpectedHeld: Amount }

/// All that the signer knows of one channel.
type internal SignerChannel =
    { /// The hash of `Fixed`, kept since it is asked for at every step.
      Id: ChannelId
      Fixed: FixedPart
      Kind: ChannelKind
      Dialect: Dialect
      /// Our index among the participants.
      Mine: int
      /// The pre-fund state that NewChannel named.
      Opening: VariablePart
      Marks: ChannelMarks
      /// The newest state that we signed.
      Last: VariablePart voption
      /// Highest turn each other participant has signed.
      PeerTurns: Map<int, TurnNumber>
      /// States that some have signed, newer than the newest that all have.
      Pending: Witnessed list
      /// The newest state that all have signed.
      Supported: Witnessed voption
      /// Our own part of each guarantee in `Last`.
      Shares: Map<ChannelId, Amount>
      /// Own ledgers whose newest signed state guarantees this channel.
      Backing: Set<ChannelId>
      /// Guarantees that our newest signed state has no more, and the newest that both have signed still has: a ledger's payment channels, a payment
      /// channel's ledgers. The other side may have heard of nothing yet, not of our final state either.
      Leaving: Set<ChannelId>
      Sighting: Sighting voption
      Deposits: Map<Address, Deposited>
      /// Largest voucher shown to us as payee.
      Received: Amount
      Allowances: Allowance list
      CloseApproved: bool
      /// Content of signed proposals by turn, so that one asked again is known again.
      Proposed: Map<TurnNumber, Bytes32>
      /// Since when it may make room for another, in seconds since 1970.
      IdleSince: int64 voption }

/// What an account nonce was used for.
type internal NonceUse =
    { /// Of everything but what it may cost.
      Effect: Bytes32
      Digest: Bytes32 }

/// The signer's whole memory. Version and root advance with every change.
type internal SignerState =
    { Version: uint64
      /// Hash over the previous root and what was decided.
      Root: Bytes32
      /// The latest time a change was made at, in seconds since 1970: a clock set back frees nothing.
      Clock: int64
      Channels: Map<ChannelId, SignerChannel>
      ChannelCount: int
      /// Channels that may make room for others, the longest idle first.
      Idle: Set<struct (int64 * ChannelId)>
      /// Of channels that are over.
      Retired: RetiredIds
      /// Nonces of approvals: their content, and until when a replay would be fresh.
      Approvals: Map<Bytes32, struct (Bytes32 * int64)>
      /// By payee and asset.
      Budgets: Map<struct (Address * Address), Spent>
      Outflow: Map<Address, Spent>
      Fees: Spent voption
      Nonces: Map<uint64, NonceUse>
      /// Account nonces below are forgotten, so never signed again.
      NonceFloor: uint64
      /// Rules that only warned, and how often.
      Warned: Map<string, uint64>
      /// A state with our own signature was shown that we do not remember: our memory is older than we are.
      Suspect: bool }

module internal SignerState =
    let empty =
        { Version = 0UL
          Root = Bytes32.zero
          Clock = 0L
          Channels = Map.empty
          ChannelCount = 0
          Idle = Set.empty
          Retired = RetiredIds.empty
          Approvals = Map.empty
          Budgets = Map.empty
          Outflow = Map.empty
          Fees = ValueNone
          Nonces = Map.empty
          NonceFloor = 0UL
          Warned = Map.empty
          Suspect = false }

module internal SignerChannel =
    let parties (channel: SignerChannel) = channel.Fixed.Participants.Length
    let isPayer (channel: SignerChannel) = channel.Mine = 0
    let isPayee (channel: SignerChannel) = channel.Mine = parties channel - 1
    let isIntermediary channel = not (isPayer channel) && not (isPayee channel)
    let destination (channel: SignerChannel) = Destination.ofAddress channel.Fixed.Participants[channel.Mine]
    let others (channel: SignerChannel) = [ 0 .. parties channel - 1 ] |> List.filter (fun party -> party <> channel.Mine)

    let highest (channel: SignerChannel) : TurnNumber voption =
        if channel.Marks.Signed.IsEmpty then ValueNone else ValueSome(fst (Map.maxKeyValue channel.Marks.Signed))

    /// Also where the hash has been forgotten since: turns are signed in order, from the pre-fund on.
    let hasSigned turn (channel: SignerChannel) = channel.Marks.Signed.ContainsKey turn || turn < channel.Marks.Floor

    /// Every other participant has signed this turn or a later one.
    let peersReached turn (channel: SignerChannel) =
        others channel |> List.forall (fun party -> match channel.PeerTurns.TryFind party with Some reached -> reached >= turn | None -> false)

    let isOpen channel = hasSigned Turn.postFund channel && peersReached Turn.postFund channel

    /// The final state that all have signed.
    let final (channel: SignerChannel) =
        channel.Supported |> ValueOption.bind (fun seen -> if seen.Variable.IsFinal then ValueSome seen.Variable else ValueNone)

    /// One participant's signature under a state. What all have signed supersedes everything older.
    let witness party (variable: VariablePart) hash (channel: SignerChannel) =
        let known = channel.Pending |> List.tryFind (fun seen -> seen.Hash = hash)
        let by = (match known with Some seen -> seen.By | None -> Set.empty).Add party
        let seen = { Variable = variable; Hash = hash; By = by }
        let others = channel.Pending |> List.filter (fun other -> other.Hash <> hash)
        let isNews = match channel.Supported with ValueSome seen -> variable.Turn > seen.Variable.Turn | ValueNone -> true

        let reached =
            if party = channel.Mine then channel.PeerTurns
            else
                match channel.PeerTurns.TryFind party with
                | Some turn when turn >= variable.Turn -> channel.PeerTurns
                | _ -> channel.PeerTurns.Add(party, variable.Turn)

        if isNews && by.Count = parties channel then
            { channel with
                PeerTurns = reached
                Supported = ValueSome seen
                Pending = others |> List.filter (fun other -> other.Variable.Turn > variable.Turn) }
        elif isNews then
            { channel with PeerTurns = reached; Pending = seen :: others }
        else
            { channel with PeerTurns = reached }
