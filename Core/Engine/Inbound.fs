namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire

/// Bytes from an authenticated sender, to a message in which every signature has been recovered. Runs on any thread,
/// against the published state; the only maker of `Verified`.
module internal Inbound =
    let private offence code detail : Result<'T, Offence> = Error { Code = code; Detail = detail }

    let private signer (settings: Settings) hash signature = settings.Recover.Invoke(Digest.personal hash, signature)

    let private traverse (each: 'A -> Result<'B, Offence>) (items: 'A list) : Result<'B list, Offence> =
        List.foldBack
            (fun item rest -> rest |> Result.bind (fun tail -> each item |> Result.map (fun head -> head :: tail)))
            items
            (Ok [])

    /// The map key that came with a signature must be the participant who made it.
    let private party settings (fixedPart: FixedPart) hash (index, signature) =
        match signer settings hash signature with
        | ValueSome who when List.tryItem index fixedPart.Participants = Some who -> Ok(index, signature)
        | _ -> offence "bad-signature" $"signature {index} is not participant {index}'s"

    let private state settings objective (fixedPart: FixedPart) (variable: VariablePart) signatures =
        if fixedPart.Participants.Length > 16 then
            offence "malformed" "too many participants"
        else
            let hash = State.hash (FixedPart.channelId fixedPart) variable

            traverse (party settings fixedPart hash) signatures
            |> Result.map (fun verified ->
                StateItem(
                    objective,
                    { Fixed = fixedPart
                      Variable = variable
                      Hash = hash
                      Signatures = verified }
                ))

    /// Follower: the queue continues from what the published state has, so each proposal is recovered over what it leads to.
    /// Leader: over the own queue's entry. Where the ledger has moved meanwhile, the decision recovers once more.
    let private recoverProposals (settings: Settings) (node: NodeState) (items: RawItem list) : Map<ChannelId * TurnNumber, struct (Bytes32 * Address)> =
        let follow (channel: Channel) (ledger: LedgerChannel) found (said: RawProposal list) =
            let step (outcome, expected, found) (proposal: RawProposal) =
                if proposal.Turn <> expected then
                    outcome, expected, found
                else
                    match Ledger.apply proposal.Proposal outcome with
                    | Error _ -> outcome, expected, found
                    | Ok after ->
                        let hash = State.hash channel.Terms.Id (Ledger.toVariable channel.Terms.Dialect proposal.Turn false after)

                        let found =
                            match signer settings hash proposal.Signature with
                            | ValueSome who -> Map.add (proposal.Ledger, proposal.Turn) (struct (hash, who)) found
                            | ValueNone -> found

                        after, expected + 1UL, found

            let _, _, found = said |> List.fold step (LedgerChannel.proposed ledger, LedgerChannel.lastTurn ledger + 1UL, found)
            found

        let lead (ledger: LedgerChannel) found (said: RawProposal list) =
            said
            |> List.fold
                (fun found proposal ->
                    match ledger.Queue.TryFind proposal.Turn with
                    | None -> found
                    | Some queued ->
                        match signer settings queued.Hash proposal.Signature with
                        | ValueSome who -> Map.add (proposal.Ledger, proposal.Turn) (struct (queued.Hash, who)) found
                        | ValueNone -> found)
                found

        items
        |> List.choose (fun item -> match item with RawProposalItem said -> Some said | _ -> None)
        |> List.groupBy (fun said -> said.Ledger)
        |> List.fold
            (fun found (id, said) ->
                match NodeState.channel id node with
                | ValueSome({ Ledger = ValueSome ledger } as channel) ->
                    if Channel.isLeader channel then lead ledger found said else follow channel ledger found said
                | _ -> found)
            Map.empty

    let private item settings (recovered: Map<ChannelId * TurnNumber, struct (Bytes32 * Address)>) raw : Result<PeerItem, Offence> =
        match raw with
        | RawStateItem(objective, fixedPart, variable, signatures) -> state settings objective fixedPart variable signatures
        | RawFinalStateWanted objective -> Ok(FinalStateWantedItem objective)
        | RawRejection objective -> Ok(RejectionItem objective)
        | RawStandingWanted(objective, since) -> Ok(StandingWantedItem(objective, since))
        | RawStanding(objective, since) -> Ok(StandingItem(objective, since))
        | RawLedgersWanted -> Ok LedgersWantedItem
        | RawVoucher(voucher, signature) ->
            (match signer settings (Voucher.hash voucher) signature with
             | ValueSome who -> Ok(VoucherItem(voucher, signature, who))
             | ValueNone -> offence "bad-signature" "the voucher's signature does not recover")
        | RawProposalItem said ->
            Ok(
                ProposalItem
                    { Ledger = said.Ledger
                      Proposal = said.Proposal
                      Turn = said.Turn
                      Signature = said.Signature
                      Recovered =
                        match recovered.TryFind(said.Ledger, said.Turn) with
                        | Some found -> ValueSome found
                        | None -> ValueNone }
            )

    let private signatures raw =
        match raw with
        | RawStateItem(_, _, _, signatures) -> signatures.Length
        | RawProposalItem _
        | RawVoucher _ -> 1
        | RawFinalStateWanted _
        | RawStandingWanted _
        | RawStanding _
        | RawLedgersWanted
        | RawRejection _ -> 0

    let receive (settings: Settings) (node: NodeState) (sender: Address) (frame: System.ReadOnlyMemory<byte>) : Result<Verified<PeerMessage>, Offence> =
        if frame.Length > settings.Limits.FrameBytes then
            offence "too-large" $"a message has at most {settings.Limits.FrameBytes} bytes"
        else
            match PeerV1.decode frame with
            | Error reason -> offence "malformed" reason
            | Ok message when message.To <> settings.Me -> offence "not-for-us" $"the message is to {message.To}"
            | Ok message when message.From <> sender -> offence "wrong-sender" $"the message claims to be from {message.From}"
            | Ok message when List.sumBy signatures message.Items > settings.Limits.SignaturesPerFrame ->
                offence "too-many-signatures" $"a message carries at most {settings.Limits.SignaturesPerFrame} signatures"
            | Ok message ->
                let recovered = recoverProposals settings node message.Items

                traverse (item settings recovered) message.Items
                |> Result.map (fun items -> Verified.vouch { From = sender; Items = items })
