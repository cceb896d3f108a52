namespace Nitro.Signer.Policy

open System
open Nitro.Kernel
open Nitro.Protocol

/// The signer's decision. Pure, total, deterministic; the same content gives the same answer and changes nothing.
module internal Decide =
    let private find id (state: SignerState) : SignerChannel voption =
        match state.Channels.TryFind id with
        | Some channel -> ValueSome channel
        | None -> ValueNone

    /// The next link of the chain of roots.
    let private link (root: Bytes32) (content: Bytes32) =
        let bytes = Array.zeroCreate<byte> 64
        root.CopyTo(Span(bytes, 0, 32))
        content.CopyTo(Span(bytes, 32, 32))
        Keccak.hash bytes

    let private counted warned (state: SignerState) =
        let count (counts: Map<string, uint64>) tag =
            counts.Add(tag, (match counts.TryFind tag with Some before -> before + 1UL | None -> 1UL))

        { state with Warned = List.fold count state.Warned warned }

    /// Judges, then changes: the change is made only where every rule passes.
    let private rule (asked: Asked) rules case (content: Bytes32) (digest: Bytes32 voption) (apply: 'Case -> SignerState) =
        match Rule.judge asked.Config.Modes rules case with
        | Stopped decision -> decision, asked.State
        | SameAgain -> Allow(digest, true, []), asked.State
        | Passed warned ->
            let after = counted warned (apply case)

            Allow(digest, false, warned),
            { after with
                Version = asked.State.Version + 1UL
                Root = link asked.State.Root content }

    let private hashOf (state: State) = State.hash (FixedPart.channelId state.Fixed) state.Variable

    let private recovered (asked: Asked) hash signature = asked.Powers.Recover.Invoke(Digest.personal hash, signature)

    let private useContracts (book: Rulebook) (asked: Asked) contracts =
        let case: ContractsCase = { Asked = asked; Contracts = contracts }
        rule asked book.Contracts case Bytes32.zero ValueNone (fun case -> case.Asked.State)

    let private newChannel (book: Rulebook) (asked: Asked) (terms: ChannelTerms) =
        let id = FixedPart.channelId terms.Fixed
        let case: NewChannelCase = { Asked = asked; Terms = terms; Id = id }
        rule asked book.NewChannel case id.Value ValueNone Channels.register

    let private approve (book: Rulebook) (asked: Asked) approval credential =
        let message = Approval.encode asked.Config.Me approval
        let content = Keccak.hash message

        let case: ApprovalCase =
            { Asked = asked
              Approval = approval
              Credential = credential
              Message = message
              Content = content
              Channel = find (Approval.channel approval) asked.State }

        rule asked book.Approval case content ValueNone Approvals.accept

    let private observe (book: Rulebook) (asked: Asked) (id: ChannelId) holdings height tip =
        let case: SightingCase =
            { Asked = asked
              Channel = find id asked.State
              Holdings = holdings
              Height = height
              Tip = tip }

        let content = link id.Value (Bytes32.ofUInt64 tip)
        rule asked book.Sighting case content ValueNone Channels.see

    let private record (book: Rulebook) (asked: Asked) (state: State) signature =
        let hash = hashOf state

        let case: WitnessCase =
            { Asked = asked
              Channel = find (FixedPart.channelId state.Fixed) asked.State
              State = state
              Hash = hash
              Signer = recovered asked hash signature }

        rule asked book.Witness case hash ValueNone Channels.learn

    let private stateCase (asked: Asked) (state: State) hash : StateCase =
        { Asked = asked
          Channel = find (FixedPart.channelId state.Fixed) asked.State
          State = state
          Hash = hash }

    let private signState (book: Rulebook) (asked: Asked) (state: State) =
        let hash = hashOf state
        let digest = Digest.personal hash
        rule asked book.State (stateCase asked state hash) digest (ValueSome digest) States.sign

    let private challenge (book: Rulebook) (asked: Asked) (state: State) =
        let hash = hashOf state
        let digest = Digest.personal (State.challengeHash hash)

        // Nothing to remember: the newest state stays the newest.
        match rule asked book.Challenge (stateCase asked state hash) digest (ValueSome digest) (fun case -> case.Asked.State) with
        | Allow _ as allowed, _ -> allowed, asked.State
        | (Deny _ | Retry _) as stopped, _ -> stopped, asked.State

    let private signProposal (book: Rulebook) (asked: Asked) id turn (proposal: Proposal) =
        let channel = find id asked.State
        let content = Proposals.content id turn proposal

        let case: ProposalCase =
            { Asked = asked
              Channel = channel
              Turn = turn
              Proposal = proposal
              Content = content
              Before = ValueOption.bind Ledgers.current channel
              Target = find proposal.Target asked.State }

        let signed = match channel with ValueSome channel -> channel.Marks.Signed.TryFind turn | ValueNone -> None

        match signed, Proposals.next case with
        // Known content, or a turn that is taken: the rules tell which.
        | Some hash, _ -> rule asked book.Proposal case content (ValueSome(Digest.personal hash)) (fun case -> case.Asked.State)
        | None, ValueSome variable ->
            let hash = State.hash id variable
            rule asked book.Proposal case content (ValueSome(Digest.personal hash)) (fun case -> Proposals.sign case variable hash)
        | None, ValueNone ->
            // Without a next state there is nothing to sign, whatever the rules were told to overlook.
            match rule asked book.Proposal case content ValueNone (fun case -> case.Asked.State) with
            | (Deny _ | Retry _) as stopped, _ -> stopped, asked.State
            | Allow _, _ -> Deny Tags.turnNext.Name, asked.State

    let private signVoucher (book: Rulebook) (asked: Asked) (voucher: Voucher) =
        let digest = Digest.personal (Voucher.hash voucher)

        let case: VoucherCase =
            { Asked = asked
              Channel = find voucher.Channel asked.State
              Voucher = voucher }

        rule asked book.Voucher case digest (ValueSome digest) Vouchers.sign

    let private recordVoucher (book: Rulebook) (asked: Asked) (voucher: Voucher) signature =
        let hash = Voucher.hash voucher

        let case: ReceivedCase =
            { Asked = asked
              Channel = find voucher.Channel asked.State
              Voucher = voucher
              Signer = recovered asked hash signature }

        rule asked book.Received case hash ValueNone Vouchers.receive

    let private signTransaction (book: Rulebook) (asked: Asked) (transaction: Transaction) =
        let digest = Transaction.digest transaction
        let isToken = match transaction.To with ValueSome target -> Transactions.isToken asked.Config asked.State target | ValueNone -> false
        let call = Calldata.tryRead isToken transaction.Data

        let channel =
            match call with
            | ValueSome(DepositCall(_, channel, _, _))
            | ValueSome(ChannelCall channel) -> find channel asked.State
            | ValueSome(ApproveCall _)
            | ValueNone -> ValueNone

        let case: TransactionCase =
            { Asked = asked
              Transaction = transaction
              Digest = digest
              Call = call
              Channel = channel }

        rule asked book.Transaction case digest (ValueSome digest) Transactions.sign

    let private close (book: Rulebook) (asked: Asked) (id: ChannelId) =
        let case: CloseCase =
            { Asked = asked
              Id = id
              Channel = find id asked.State }

        rule asked book.Close case (link id.Value id.Value) ValueNone Channels.retire

    /// Changes nothing: the same key signs the same again at any time.
    let private signRecord (book: Rulebook) (asked: Asked) publicKey time =
        let case: AddressRecordCase = { Asked = asked; PublicKey = publicKey; Time = time }

        match Rule.judge asked.Config.Modes book.AddressRecord case with
        | Stopped decision -> decision, asked.State
        | SameAgain
        | Passed _ -> Allow(ValueSome(NetworkIdentity.addressRecordDigest publicKey asked.Config.Me time), true, []), asked.State

    /// `book` is the standard one everywhere but where a test shows that a rule is needed.
    let by (book: Rulebook) (powers: Powers) (config: SignerConfig) (state: SignerState) (envelope: SignerEnvelope) : Decision * SignerState =
        let now = max envelope.Now state.Clock

        let asked =
            { Powers = powers
              Config = config
              State = { state with Clock = now }
              Now = now
              Anchor = envelope.Anchor }

        let decision, after =
            match envelope.Request with
            | UseContracts contracts -> useContracts book asked contracts
            | NewChannel terms -> newChannel book asked terms
            | ApproveRequest(approval, credential) -> approve book asked approval credential
            | ObserveDeposit(channel, holdings, height, tip) -> observe book asked channel holdings height tip
            | RecordPeerSignature(seen, signature) -> record book asked seen signature
            | SignState wanted -> signState book asked wanted
            | SignProposal(ledger, turn, proposal) -> signProposal book asked ledger turn proposal
            | SignVoucher voucher -> signVoucher book asked voucher
            | RecordVoucher(voucher, signature) -> recordVoucher book asked voucher signature
            | SignChallenge wanted -> challenge book asked wanted
            | SignTransaction transaction -> signTransaction book asked transaction
            | CloseChannel channel -> close book asked channel
            // Whoever has the connection can only talk as the node; what counts for money is signed for itself.
            | SignTransportKey key -> Allow(ValueSome(NetworkIdentity.transportKeyDigest key), true, []), state
            | SignAddressRecord(publicKey, time) -> signRecord book asked publicKey time
            | Heartbeat -> Allow(ValueNone, true, []), state

        // What changed nothing leaves the clock where it was.
        decision, (if after.Version = state.Version then state else after)

    let decide powers config state envelope = by Rulebook.standard powers config state envelope
