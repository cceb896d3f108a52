namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Facts, promises and needs as sentences for an operator. Ids and addresses stand in full; amounts in the smallest unit.
module internal Words =
    let party (settings: Settings) (address: Address) = if address = settings.Me then "we" else address.ToString()
    let private object' (settings: Settings) (address: Address) = if address = settings.Me then "us" else address.ToString()

    let private partyAt (settings: Settings) (state: NodeState) id index =
        match NodeState.channel id state with
        | ValueSome channel ->
            (match List.tryItem index channel.Terms.Parties with
             | Some address -> party settings address
             | None -> $"participant {index}")
        | ValueNone -> $"participant {index}"

    let goal (id: ObjectiveId) =
        match id.Kind with
        | DirectFunding -> $"the opening of ledger channel {id.Channel}"
        | DirectDefunding -> $"the closing of ledger channel {id.Channel}"
        | VirtualFunding -> $"the opening of payment channel {id.Channel}"
        | VirtualDefunding -> $"the closing of payment channel {id.Channel}"

    let private turnOf (state: NodeState) id turn hash =
        let isFinal =
            NodeState.channel id state
            |> ValueOption.exists (fun channel ->
                match Channel.tryHash turn hash channel with
                | Some seen -> seen.Variable.IsFinal
                | None -> false)

        if isFinal then $"the final state (turn {turn})"
        elif turn = Turn.preFund then "the pre-fund state"
        elif turn = Turn.postFund then "the post-fund state"
        else $"the state of turn {turn}"

    let proposal (proposal: Proposal) =
        match proposal with
        | Add(guarantee, left) -> $"set {guarantee.Amount} aside for payment channel {guarantee.Target} ({left} of it from the payer's side)"
        | Remove(target, left) -> $"end the guarantee for payment channel {target}, {left} of it back to the payer's side"

    let private signing (state: NodeState) signing =
        match signing with
        | OwnState(id, turn, hash) -> $"{turnOf state id turn hash} of {id}"
        | LedgerUpdate(id, turn, _) -> $"turn {turn} of ledger {id}"
        | PaymentVoucher(id, total) -> $"a voucher of {total} on {id}"

    let private telling (state: NodeState) telling =
        match telling with
        | StateOf(objective, turn, hash) -> $"our signature on {turnOf state objective.Channel turn hash} of {objective.Channel}"
        | AllSignaturesOf(objective, turn, hash) -> $"all signatures on {turnOf state objective.Channel turn hash} of {objective.Channel}"
        | ProposalsOf(ledger, upTo) -> $"the proposals of ledger {ledger} up to turn {upTo}"
        | AgreementOf(ledger, turn) -> $"our agreement to turn {turn} of ledger {ledger}"
        | VoucherOf(id, total) -> $"the voucher of {total} on {id}"
        | FinalStateWanted objective -> $"that the final state of {objective.Channel} is wanted"
        | RejectionOf objective -> $"that {goal objective} is rejected"
        | StandingWanted(objective, _) -> $"that we want to know all it holds of {objective.Channel}"
        | StandingOf(objective, _) -> $"all that we hold of {objective.Channel}"
        | LedgersWanted -> "that we want to know all ledgers that it has with us"

    let private call (call: ChainCall) =
        match call with
        | Deposit(id, expected, amount) -> $"deposit {amount} into {id}, on top of {expected}"
        | ConcludeAndTransfer id -> $"conclude {id} on chain and pay it out"
        | ReadHoldings id -> $"read from the chain what {id} holds"

    /// A promise as an errand: who is to do what.
    let intent (settings: Settings) (state: NodeState) intent =
        match intent with
        | SignPayload wanted -> $"our signer is asked to sign {signing state wanted}"
        | Tell(peer, told) -> $"{object' settings peer} is told {telling state told}"
        | SubmitCall wanted -> $"the chain is asked to {call wanted}"

    let private finished (settings: Settings) (state: NodeState) (effect: EffectId) result =
        match Outbox.tryFind effect state.Outbox, result with
        | ValueSome(Tell(peer, told)), Kept -> $"{object' settings peer} took {effect}: {telling state told}"
        | ValueSome(Tell(peer, told)), Refused tag -> $"{object' settings peer} refused {effect} ({tag}): {telling state told}"
        | ValueSome(SignPayload wanted), Kept -> $"our signer has signed {effect}: {signing state wanted}"
        | ValueSome(SignPayload wanted), Refused tag -> $"our signer refused {effect} ({tag}): {signing state wanted}"
        | ValueSome(SubmitCall wanted), Kept -> $"the chain has shown {effect}: {call wanted}"
        | ValueSome(SubmitCall wanted), Refused tag -> $"the chain refused {effect} ({tag}): {call wanted}"
        | ValueSome wanted, Superseded -> $"{effect} is dropped, something newer takes its place: {intent settings state wanted}"
        | ValueNone, _ -> $"{effect} is over"

    let private terms (settings: Settings) (terms: Terms) =
        let names = terms.Parties |> List.map (object' settings)
        let opening = terms.Opening

        if terms.IsLedger then
            $"ledger channel {terms.Id} is on record: {names[0]} with {opening.LeaderBalance}, {names[1]} with {opening.FollowerBalance}"
        else
            let way = String.concat ", " names[1 .. names.Length - 2]
            let through = if way = "" then "" else $" through {way}"
            $"payment channel {terms.Id} is on record: {opening.LeaderBalance} from {List.head names}{through} to {List.last names}"

    let private topic topic =
        match topic with
        | OpeningDeadline id -> $"the time for {goal id} is up"
        | Retelling peer -> $"it is time to tell {peer} again what it has not answered"
        | ChainRetry id -> $"it is time to try again what was refused on {id}"
        | ConcludeInstead id -> $"the other side had its time to conclude {id}: we may do it"

    let private restated (settings: Settings) (state: NodeState) (thing: Restatement) =
        match thing with
        | ChannelRestated r -> $"channel {r.Terms.Id}"
        | LedgerRestated(id, agreed, turn, _, _, _) -> $"ledger {id} at turn {turn}: {agreed.LeaderBalance} and {agreed.FollowerBalance}"
        | GivenUpRestated(id, peer) -> $"{id} is given up by {object' settings peer}"
        | GuaranteeRestated(id, guarantee) -> $"{guarantee.Amount} set aside for {guarantee.Target} in ledger {id}"
        | QueuedRestated(id, turn, queued, _, _) -> $"turn {turn} of ledger {id} is proposed: {proposal queued}"
        | WantedRestated(id, _, wanted) -> $"wanted in ledger {id}: {proposal wanted}"
        | ExposureRestated(id, target, exposure) -> $"{exposure.Amount} of ledger {id} counted for {target}"
        | AnsweredRestated(id, turn, answered, _) -> $"turn {turn} of ledger {id} was agreed: {proposal answered}"
        | PaymentsRestated(id, r) -> $"vouchers on {id}: {Amount.max r.Issued r.Best}"
        | PendingRestated(id, _, request, amount, _) -> $"request {request} waits to pay {amount} on {id}"
        | ObjectiveRestated record ->
            (match record.Ending with
             | ValueNone -> $"{goal (Goal.id record.Goal)} is under way"
             | ValueSome Completed -> $"{goal (Goal.id record.Goal)} is done"
             | ValueSome(Rejected reason) -> $"{goal (Goal.id record.Goal)} was rejected: {reason}")
        | PeerRestated(peer, _, _, _, _) -> $"what we and {peer} have to do with each other"
        | RequestRestated(request, _, _, _) -> $"request {request} is remembered"
        | EndedRestated(_, id) -> $"{id} is over"
        | TombstonesRestated ids -> $"{ids.Length} channels are long over"
        | LedgerListed(peer, _, id) -> $"{id} is the ledger with {peer}"
        | IntentRestated(effect, wanted) -> $"{effect} is not finished: {intent settings state wanted}"
        | WakeRestated(_, woken) -> $"to be woken when {topic woken}"
        | StaleRestated(peer, ids) -> $"{peer} is to say what it holds of {ids.Length} channels"
        | RestoredRestated [] -> "the journal was restored from a copy at some time"
        | RestoredRestated unasked -> $"{unasked.Length} peers are to be asked for their ledgers"

    let private origin (settings: Settings) from =
        match from with
        | OwnRequest -> "we ask for"
        | Peer address -> $"{party settings address} proposes"

    /// What a fact says. `before` and `after`: the states around it.
    let fact (settings: Settings) (before: NodeState) (after: NodeState) (fact: Fact) : string =
        let who id index = partyAt settings after id index

        match fact with
        | RequestBound(request, _, objective) -> $"request {request} asks for {goal objective}"
        | PaymentReserved(request, _, id, amount, Sent) -> $"request {request}: pay {amount} on {id}"
        | PaymentReserved(request, _, id, amount, HandedOut) -> $"request {request}: a voucher for {amount} more on {id}, handed to the caller"
        | PaymentRefused(request, id, tag) -> $"request {request}: the payment on {id} is refused ({tag})"
        | ObjectiveOpened(wanted, from, _) -> $"{origin settings from} {goal (Goal.id wanted)}"
        | GoalApproved id -> $"{goal id} is approved"
        | OpeningUndone(id, reason) -> $"{goal id} is being undone: {reason}"
        | PeerGaveUp(id, peer) -> $"{id} is given up by {object' settings peer}"
        | ObjectiveEnded(id, Completed) -> $"{goal id} is done"
        | ObjectiveEnded(id, Rejected reason) -> $"{goal id} is rejected: {reason}"
        | ChannelAdded found -> terms settings found
        | StateSeen(id, variable) -> $"{turnOf after id variable.Turn (State.hash id variable)} of {id} is on the table"
        | StateSigned(id, turn, hash, index, _) -> $"{who id index} signed {turnOf after id turn hash} of {id}"
        | ProposalWanted(id, wanted) -> $"we want, in ledger {id}, to {proposal wanted}"
        | ProposalUnwanted(id, target) -> $"nothing is wanted any more of ledger {id} for {target}"
        | ProposalQueued(id, turn, wanted, _) -> $"turn {turn} of ledger {id} is to {proposal wanted}"
        | ProposalSigned(id, turn, _) -> $"we signed turn {turn} of ledger {id}"
        | ProposalDropped(id, turn) -> $"turn {turn} of ledger {id} is free again"
        | ProposalReceived(id, turn, wanted, _, _) -> $"{who id 0} signed turn {turn} of ledger {id}: {proposal wanted}"
        | ProposalAgreed(id, turn, _) -> $"{who id 1} agreed to turn {turn} of ledger {id}"
        | HoldingsObserved(id, held, at) -> $"the chain holds {held} for {id} (block {at.Height})"
        | PayoutObserved(id, paid, held, at) -> $"the chain paid {paid} out of {id}, {held} stay (block {at.Height})"
        | HoldingsDoubted(id, height) -> $"what the chain showed of {id} is in doubt: blocks from {height} on are gone"
        | VoucherIssued(id, total, _) -> $"we signed a voucher of {total} on {id}"
        | VoucherReceived(id, total, _) -> $"we were given a voucher of {total} on {id}"
        | IntentRecorded wanted -> $"{EffectId before.Position} promised: {intent settings after wanted}"
        | IntentFinished(effect, result) -> finished settings before effect result
        | Woken woken -> topic woken
        | JournalRestored -> "the journal was restored from a copy: what came after it the peers are asked"
        | ChannelConfirmed(id, peer) -> $"{peer} has said what it holds of {id}: we know no less"
        | ChannelDoubted(id, peer) -> $"{peer} shows a turn of {id} that we have no record of: it is asked what it holds"
        | LedgerAdopted(id, variable, _, _) -> $"turn {variable.Turn} of ledger {id} is taken over: both had signed it"
        | EpochOpened(number, facts, _) -> $"epoch {number} opens: {facts} records restate all that lives"
        | Restated thing -> $"restated: {restated settings after thing}"

    /// What an open objective needs next.
    let need (settings: Settings) (state: NodeState) need =
        match need with
        | OwnSignature(id, turn, hash) -> $"our signer's signature on {turnOf state id turn hash} of {id}"
        | OwnFinalState(id, _) -> $"our signer's signature on the final state of {id}"
        | Told(peer, told) -> $"{object' settings peer} to take {telling state told}"
        | PeerSignature(peer, id, turn) -> $"{object' settings peer} to sign turn {turn} of {id}"
        | Proposed(ledger, wanted) -> $"ledger {ledger} to {proposal wanted}"
        | Countersignature(ledger, turn, _) -> $"our signer's signature on turn {turn} of ledger {ledger}"
        | LedgerChange ledger -> $"ledger {ledger} to move on"
        | ChainCalled wanted -> $"the chain to {call wanted}"
        | Holdings id -> $"the chain to show the deposits in {id}"
        | Before at -> $"a time, {at.Micros} microseconds after 1970-01-01"
        | VouchersSettled id -> $"the vouchers of {id} that are being signed"
