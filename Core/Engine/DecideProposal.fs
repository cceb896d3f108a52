namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What a ledger proposal leads to: at the follower a proposal, at the leader its countersignature.
module internal DecideProposal =
    let private offend code detail = Offend { Code = code; Detail = detail }

    /// The signer over the hash that we computed; what Inbound recovered counts only if it was for the same one.
    let private signer (turning: Turning) (said: SignedProposal) hash =
        match said.Recovered with
        | ValueSome(struct (recoveredOver, who)) when recoveredOver = hash -> ValueSome who
        | _ -> turning.Settings.Recover.Invoke(Digest.personal hash, said.Signature)

    let private doubt (turning: Turning) (ledger: Channel) = Standing.doubt turning ledger.Terms.Id (Channel.counterparty ledger)

    /// A node of go-nitro cannot be asked: who goes on from where we stand holds no more than we do.
    let private confirmed (turning: Turning) (channel: Channel) =
        if channel.Terms.Dialect = GoNitro then Standing.confirm turning (Channel.counterparty channel) channel.Terms.Id

    let private countersigned (turning: Turning) (channel: Channel) (ledger: LedgerChannel) (said: SignedProposal) =
        if said.Turn <= ledger.AgreedTurn then
            Take
        else
            match ledger.Queue.TryFind said.Turn with
            | Some queued when queued.LeaderSignature.IsSome ->
                if signer turning said queued.Hash = ValueSome(Channel.counterparty channel) then
                    turning.Add(ProposalAgreed(channel.Terms.Id, said.Turn, said.Signature))
                    confirmed turning channel
                    Take
                else
                    offend "bad-signature" "proposal incorrectly signed"
            | _ when channel.Terms.Dialect = Nitro && (turning.State.Restored || TakingOver.isForgottenTurn turning channel ledger said) ->
                // Only what we signed is countersigned: our journal has lost it.
                doubt turning channel
                Take
            | _ -> offend "unknown-turn" "proposal queue exhausted"

    /// The objective that a proposal is for must be known here first: until then the leader tells it again.
    let private isExpected (turning: Turning) (proposal: Proposal) =
        match NodeState.objective { Kind = VirtualFunding; Channel = proposal.Target } turning.State with
        | ValueSome record -> record.Approved || record.Ending.IsSome
        | ValueNone -> false

    /// Of a payment channel that a restored node has forgotten: nobody proposes anything for one that the follower has never signed.
    let private isLost (turning: Turning) (ledger: Channel) (proposal: Proposal) =
        turning.State.Restored
        && ledger.Terms.Dialect = Nitro
        && (NodeState.channel proposal.Target turning.State).IsNone
        && not (NodeState.isForgotten proposal.Target turning.State)

    let private hashAfter (channel: Channel) dialect turn after =
        State.hash channel.Terms.Id (Ledger.toVariable dialect turn false after)

    let private other dialect = match dialect with Nitro -> GoNitro | GoNitro -> Nitro

    let private append (turning: Turning) (channel: Channel) (ledger: LedgerChannel) (said: SignedProposal) =
        match Ledger.apply said.Proposal (LedgerChannel.proposed ledger) with
        | Error reason -> offend "bad-proposal" reason
        | Ok after ->
            let leader = Channel.counterparty channel
            let hash = hashAfter channel channel.Terms.Dialect said.Turn after

            if signer turning said hash = ValueSome leader then
                turning.Add(ProposalReceived(channel.Terms.Id, said.Turn, said.Proposal, hash, said.Signature))
                confirmed turning channel
                Undo.yieldTo turning said.Proposal
                Take
            else
                let otherHash = hashAfter channel (other channel.Terms.Dialect) said.Turn after

                if turning.Settings.Recover.Invoke(Digest.personal otherHash, said.Signature) = ValueSome leader then
                    let objective = { Kind = VirtualFunding; Channel = said.Proposal.Target }
                    Undo.abandon turning objective "dialect-mismatch: the peer's dialect is set otherwise there; see peers.<address>.dialect" true
                    Take
                else
                    offend "bad-signature" "invalid signature for proposal"

    let private followed (turning: Turning) (channel: Channel) (ledger: LedgerChannel) (said: SignedProposal) =
        let next = LedgerChannel.lastTurn ledger + 1UL

        if said.Turn <= ledger.AgreedTurn then
            if ledger.Answered.ContainsKey said.Turn then
                Promise.tell turning (Channel.counterparty channel) (AgreementOf(channel.Terms.Id, said.Turn))

            Take
        elif said.Turn < next then
            match ledger.Queue.TryFind said.Turn with
            | Some queued when queued.Proposal = said.Proposal -> Take
            | _ -> offend "equivocation" $"two proposals for turn {said.Turn}"
        elif said.Turn > next && channel.Terms.Dialect = Nitro && turning.State.Restored then
            // The leader may have had our countersignature on its way when it was asked last. It tells its proposals again. Those behind one that
            // waits for its forgotten channel are in nobody's doubt.
            if not (Standing.isAskingForgotten turning (Channel.counterparty channel)) then doubt turning channel
            Take
        elif said.Turn > next then
            NotNow "an earlier proposal is missing"
        elif isLost turning channel said.Proposal then
            // Its leader told of it when we could not take it, and does so no more once the opening is given up. The ledger is not in doubt for that:
            // while it were, nothing that it carries could be taken over.
            Standing.doubt turning said.Proposal.Target (Channel.counterparty channel)
            Take
        elif not (isExpected turning said.Proposal) then
            NotNow "the proposal's objective is not known yet"
        elif LedgerChannel.inFlight ledger >= 2 * turning.Settings.Limits.ProposalsInFlight then
            NotNow "too many proposals in flight"
        elif (Channel.ownFinal channel).IsSome && channel.Terms.Dialect = GoNitro then
            // Either side signs that one first there, and the leader may not have seen it yet.
            NotNow "the ledger's final state is signed"
        elif (Channel.ownFinal channel).IsSome then
            offend "closed" "the ledger's final state is signed"
        else
            append turning channel ledger said

    let decide (turning: Turning) sender (said: SignedProposal) : Taking =
        match NodeState.channel said.Ledger turning.State with
        | ValueSome({ Ledger = ValueSome ledger } as channel) ->
            if Channel.counterparty channel <> sender then offend "not-a-participant" "the sender is not a party of this ledger"
            elif Channel.isLeader channel then countersigned turning channel ledger said
            else followed turning channel ledger said
        // What is agreed the sender's answer brings, and proposals are told again: meanwhile a thousand of these would stand in the way of that answer.
        | ValueSome channel when channel.Terms.IsLedger && NodeState.isStale channel turning.State -> Take
        | ValueNone when turning.State.Restored && turning.Settings.DialectOf sender = Nitro && not (NodeState.isForgotten said.Ledger turning.State) -> Take
        | ValueSome channel when channel.Terms.IsLedger -> NotNow "the ledger is not open yet"
        | _ -> offend "unknown-ledger" "signed proposal is not addressed to a known ledger connection"
