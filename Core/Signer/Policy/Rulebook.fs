namespace Nitro.Signer.Policy

/// All rules, as data: a request's list is what is asked of it, in order.
type internal Rulebook =
    { Contracts: Rule<ContractsCase> list
      NewChannel: Rule<NewChannelCase> list
      Approval: Rule<ApprovalCase> list
      Sighting: Rule<SightingCase> list
      Witness: Rule<WitnessCase> list
      State: Rule<StateCase> list
      Proposal: Rule<ProposalCase> list
      Voucher: Rule<VoucherCase> list
      Received: Rule<ReceivedCase> list
      Challenge: Rule<StateCase> list
      Transaction: Rule<TransactionCase> list
      Close: Rule<CloseCase> list
      AddressRecord: Rule<AddressRecordCase> list }

module internal Rulebook =
    let standard: Rulebook =
        { Contracts = Channels.contracts
          NewChannel = Channels.opening
          Approval = Approvals.rules
          Sighting = Channels.sightings
          Witness = Channels.witnesses
          State = States.signing
          Proposal = Proposals.rules
          Voucher = Vouchers.signing
          Received = Vouchers.receiving
          Challenge = States.challenging
          Transaction = Transactions.rules
          Close = Channels.closing
          AddressRecord = Identities.records }

    let private tags (rules: Rule<'Case> list) = rules |> List.map _.Tag

    /// Request by request, the tags in order.
    let table (book: Rulebook) : (string * Tag list) list =
        [ "UseContracts", tags book.Contracts
          "NewChannel", tags book.NewChannel
          "ApproveRequest", tags book.Approval
          "ObserveDeposit", tags book.Sighting
          "RecordPeerSignature", tags book.Witness
          "SignState", tags book.State
          "SignProposal", tags book.Proposal
          "SignVoucher", tags book.Voucher
          "RecordVoucher", tags book.Received
          "SignChallenge", tags book.Challenge
          "SignTransaction", tags book.Transaction
          "CloseChannel", tags book.Close
          "SignAddressRecord", tags book.AddressRecord ]

    /// Without one rule of one request: to show that each is needed.
    let without (request: string) (tag: Tag) (book: Rulebook) : Rulebook =
        let drop name (rules: Rule<'Case> list) =
            if name = request then rules |> List.filter (fun rule -> rule.Tag.Name <> tag.Name) else rules

        { Contracts = drop "UseContracts" book.Contracts
          NewChannel = drop "NewChannel" book.NewChannel
          Approval = drop "ApproveRequest" book.Approval
          Sighting = drop "ObserveDeposit" book.Sighting
          Witness = drop "RecordPeerSignature" book.Witness
          State = drop "SignState" book.State
          Proposal = drop "SignProposal" book.Proposal
          Voucher = drop "SignVoucher" book.Voucher
          Received = drop "RecordVoucher" book.Received
          Challenge = drop "SignChallenge" book.Challenge
          Transaction = drop "SignTransaction" book.Transaction
          Close = drop "CloseChannel" book.Close
          AddressRecord = drop "SignAddressRecord" book.AddressRecord }
