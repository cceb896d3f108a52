namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol

/// What the owner may approve.
type internal Grant =
    /// So much may leave a channel, until `expires` (seconds since 1970).
    | Spend of channel: ChannelId * asset: Address * amount: Amount * expires: int64
    | Close of channel: ChannelId

/// An approval as a device signs it.
type internal Approval =
    { Grant: Grant
      /// Single use.
      Nonce: Bytes32
      /// Seconds since 1970.
      IssuedAt: int64 }

/// A device's signature under an approval.
type internal Credential = { Key: byte[]; Signature: byte[] }

/// A channel to be registered, by its pre-fund state.
type internal ChannelTerms =
    { Fixed: FixedPart
      Outcome: Outcome
      AppData: byte[]
      Dialect: Dialect }

/// Where signatures count: one key serves one chain and one adjudicator, since neither is part of what is signed.
type internal ContractSet =
    { ChainId: uint64
      Adjudicator: Address
      ConsensusApp: Address
      VirtualPaymentApp: Address }

module internal ContractSet =
    /// Before any are known.
    let none: ContractSet =
        { ChainId = 0UL
          Adjudicator = Address.zero
          ConsensusApp = Address.zero
          VirtualPaymentApp = Address.zero }

/// Everything a signer can be asked. There is no way to name a hash.
type internal SignerRequest =
    | UseContracts of ContractSet
    | NewChannel of ChannelTerms
    | ApproveRequest of Approval * Credential
    | ObserveDeposit of channel: ChannelId * holdings: Funds * height: Height * tip: Height
    | RecordPeerSignature of State * Signature
    | SignState of State
    /// `turn`: of the ledger state that the proposal makes.
    | SignProposal of ledger: ChannelId * turn: TurnNumber * Proposal
    | SignVoucher of Voucher
    | RecordVoucher of Voucher * Signature
    | SignChallenge of State
    | SignTransaction of Transaction
    | CloseChannel of ChannelId
    /// The public X25519 key that the node has made for its connections.
    | SignTransportKey of Bytes32
    /// Our public key: x and y, 32 bytes each; seconds since 1970.
    | SignAddressRecord of publicKey: byte[] * time: int64
    | Heartbeat

/// A request with what surrounds it: the signer's own clock, and the root its anchor holds where there is one.
type internal SignerEnvelope =
    { /// Seconds since 1970.
      Now: int64
      Anchor: Bytes32 voption
      Request: SignerRequest }

/// What the signer's host process lends to the decision: pure functions over curves.
type internal Powers =
    { Recover: Recover
      /// Whether this device key made this signature under this message.
      Attests: Credential -> byte[] -> bool }

type internal Decision =
    /// The digest to sign, or nothing; whether it was given before; rules that only warned.
    | Allow of digest: Bytes32 voption * repeated: bool * warned: string list
    /// For ever.
    | Deny of tag: string
    /// Ask again later.
    | Retry of tag: string

/// What a request asks a signature for; everything else in it is evidence.
type internal Wanted =
    | WantedState of State
    | WantedProposal of ledger: ChannelId
    | WantedVoucher of Voucher
    | WantedChallenge of State
    | WantedTransaction of Transaction
    | WantedTransportKey of Bytes32
    | WantedAddressRecord of publicKey: byte[] * time: int64

module internal SignerRequest =
    let wanted request : Wanted voption =
        match request with
        | SignState state -> ValueSome(WantedState state)
        | SignProposal(ledger, _, _) -> ValueSome(WantedProposal ledger)
        | SignVoucher voucher -> ValueSome(WantedVoucher voucher)
        | SignChallenge state -> ValueSome(WantedChallenge state)
        | SignTransaction transaction -> ValueSome(WantedTransaction transaction)
        | SignTransportKey key -> ValueSome(WantedTransportKey key)
        | SignAddressRecord(publicKey, time) -> ValueSome(WantedAddressRecord(publicKey, time))
        | UseContracts _
        | NewChannel _
        | ApproveRequest _
        | ObserveDeposit _
        | RecordPeerSignature _
        | RecordVoucher _
        | CloseChannel _
        | Heartbeat -> ValueNone

module internal Wanted =
    let private hash (state: State) = State.hash (FixedPart.channelId state.Fixed) state.Variable

    /// The channel in whose order it has a place.
    let lane wanted : ChannelId voption =
        match wanted with
        | WantedState state
        | WantedChallenge state -> ValueSome(FixedPart.channelId state.Fixed)
        | WantedProposal ledger -> ValueSome ledger
        | WantedVoucher voucher -> ValueSome voucher.Channel
        | WantedTransaction _
        | WantedTransportKey _
        | WantedAddressRecord _ -> ValueNone

    /// What is signed, as far as the request itself tells: which state a proposal makes, the signer's own copy tells alone.
    let digest wanted : Bytes32 voption =
        match wanted with
        | WantedState state -> ValueSome(Digest.personal (hash state))
        | WantedChallenge state -> ValueSome(Digest.personal (State.challengeHash (hash state)))
        | WantedVoucher voucher -> ValueSome(Digest.personal (Voucher.hash voucher))
        | WantedTransaction transaction -> ValueSome(Transaction.digest transaction)
        | WantedTransportKey key -> ValueSome(NetworkIdentity.transportKeyDigest key)
        | WantedAddressRecord(publicKey, time) ->
            NetworkIdentity.addressOf publicKey |> ValueOption.map (fun owner -> NetworkIdentity.addressRecordDigest publicKey owner time)
        | WantedProposal _ -> ValueNone

module internal Approval =
    /// What the device signs: domain, kind, fields; a word each.
    let encode (me: Address) (approval: Approval) : byte[] =
        let writer = AbiWriter(9 * Abi.Word)
        writer.Bytes32(Keccak.hash "nitro-approval-v1"B)
        writer.Address me
        writer.Bytes32 approval.Nonce
        writer.UInt64(uint64 approval.IssuedAt)

        match approval.Grant with
        | Spend(channel, asset, amount, expires) ->
            writer.UInt64 1UL
            writer.Bytes32 channel.Value
            writer.Address asset
            writer.Amount amount
            writer.UInt64(uint64 expires)
        | Close channel ->
            writer.UInt64 2UL
            writer.Bytes32 channel.Value

        writer.Buffer

    let channel (approval: Approval) =
        match approval.Grant with
        | Spend(channel, _, _, _)
        | Close channel -> channel
