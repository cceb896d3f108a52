namespace Nitro.Wire

open System.Text.Json
open Nitro.Kernel
open Nitro.Node

/// The bodies of facts, both ways.
module internal FactsV1 =
    // Writing

    let private writeTurn ledger turn (writer: Utf8JsonWriter) =
        writer |> FieldsV1.writeChannel "channel" ledger
        writer |> JsonWrite.uint64 "turn" turn

    let private writeVoucher channel total signature (writer: Utf8JsonWriter) =
        writer |> FieldsV1.writeChannel "channel" channel
        writer |> FieldsV1.writeAmount "total" total
        writer |> FieldsV1.writeSignature "signature" signature

    let private writeHoldings channel held at (writer: Utf8JsonWriter) =
        writer |> FieldsV1.writeChannel "channel" channel
        writer |> FieldsV1.writeAmount "held" held
        writer |> JsonWrite.nested "at" (ChainPositionV1.write at)

    let private writeReserved request content channel amount kind (writer: Utf8JsonWriter) =
        writer |> FieldsV1.writeRequest "request" request
        writer |> JsonWrite.bytes32 "content" content
        writer |> FieldsV1.writeChannel "channel" channel
        writer |> FieldsV1.writeAmount "amount" amount
        writer |> JsonWrite.string "kind" (PaymentKindV1.text kind)

    /// The fields of a fact's body.
    let write (fact: Fact) (writer: Utf8JsonWriter) =
        match fact with
        | RequestBound(request, content, objective) ->
            writer |> FieldsV1.writeRequest "request" request
            writer |> JsonWrite.bytes32 "content" content
            writer |> FieldsV1.writeObjective "objective" objective
        | PaymentReserved(request, content, channel, amount, kind) -> writer |> writeReserved request content channel amount kind
        | PaymentRefused(request, channel, tag) ->
            writer |> FieldsV1.writeRequest "request" request
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> JsonWrite.string "tag" tag
        | ObjectiveOpened(goal, origin, deadline) ->
            writer |> JsonWrite.nested "goal" (GoalV1.write goal)
            writer |> GoalV1.writeOrigin "origin" origin
            writer |> FieldsV1.writeInstantOption "deadline" deadline
        | GoalApproved objective -> writer |> FieldsV1.writeObjective "objective" objective
        | OpeningUndone(objective, reason) ->
            writer |> FieldsV1.writeObjective "objective" objective
            writer |> JsonWrite.string "reason" reason
        | PeerGaveUp(channel, peer) ->
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> JsonWrite.address "peer" peer
        | ObjectiveEnded(objective, ending) ->
            writer |> FieldsV1.writeObjective "objective" objective
            writer |> GoalV1.writeEnding ending
        | ChannelAdded terms -> writer |> TermsV1.write terms
        | StateSeen(channel, variable) ->
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> StatesV1.writeVariable variable
        | StateSigned(channel, turn, hash, party, signature) ->
            writer |> writeTurn channel turn
            writer |> JsonWrite.bytes32 "hash" hash
            writer |> FieldsV1.writeIndex "party" party
            writer |> FieldsV1.writeSignature "signature" signature
        | ProposalWanted(ledger, proposal) ->
            writer |> FieldsV1.writeChannel "channel" ledger
            writer |> JsonWrite.nested "proposal" (StatesV1.writeProposal proposal)
        | ProposalUnwanted(ledger, target) ->
            writer |> FieldsV1.writeChannel "channel" ledger
            writer |> FieldsV1.writeChannel "target" target
        | ProposalQueued(ledger, turn, proposal, hash) ->
            writer |> writeTurn ledger turn
            writer |> JsonWrite.nested "proposal" (StatesV1.writeProposal proposal)
            writer |> JsonWrite.bytes32 "hash" hash
        | ProposalSigned(ledger, turn, signature)
        | ProposalAgreed(ledger, turn, signature) ->
            writer |> writeTurn ledger turn
            writer |> FieldsV1.writeSignature "signature" signature
        | ProposalDropped(ledger, turn) -> writer |> writeTurn ledger turn
        | ProposalReceived(ledger, turn, proposal, hash, signature) ->
            writer |> writeTurn ledger turn
            writer |> JsonWrite.nested "proposal" (StatesV1.writeProposal proposal)
            writer |> JsonWrite.bytes32 "hash" hash
            writer |> FieldsV1.writeSignature "signature" signature
        | HoldingsObserved(channel, held, at) -> writer |> writeHoldings channel held at
        | PayoutObserved(channel, paid, held, at) ->
            writer |> writeHoldings channel held at
            writer |> FieldsV1.writeAmount "paid" paid
        | HoldingsDoubted(channel, height) ->
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> JsonWrite.uint64 "height" height
        | VoucherIssued(channel, total, signature)
        | VoucherReceived(channel, total, signature) -> writer |> writeVoucher channel total signature
        | IntentRecorded intent -> writer |> IntentV1.write intent
        | IntentFinished(EffectId effect, finish) ->
            writer |> FieldsV1.writeInt64 "effect" effect
            writer |> IntentV1.writeFinish finish
        | Woken topic -> writer |> IntentV1.writeTopic topic
        | JournalRestored -> ()
        | ChannelConfirmed(channel, peer)
        | ChannelDoubted(channel, peer) ->
            writer |> FieldsV1.writeChannel "channel" channel
            writer |> JsonWrite.address "peer" peer
        | LedgerAdopted(ledger, variable, leaderSignature, followerSignature) ->
            writer |> FieldsV1.writeChannel "channel" ledger
            writer |> StatesV1.writeVariable variable
            writer |> FieldsV1.writeSignature "leaderSignature" leaderSignature
            writer |> FieldsV1.writeSignature "followerSignature" followerSignature
        | EpochOpened(epoch, facts, seenHeight) ->
            writer |> FieldsV1.writeIndex "epoch" epoch
            writer |> FieldsV1.writeIndex "facts" facts
            writer |> JsonWrite.uint64 "seenHeight" seenHeight
        | Restated thing -> writer |> RestatedV1.write thing

    // Reading

    let requestBound parent : Read<Fact> =
        read {
            let! request = FieldsV1.request "request" parent
            let! content = FieldsV1.bytes32 "content" parent
            let! objective = FieldsV1.objective "objective" parent
            return RequestBound(request, content, objective)
        }

    let paymentReserved parent : Read<Fact> =
        read {
            let! request = FieldsV1.request "request" parent
            let! content = FieldsV1.bytes32 "content" parent
            let! channel = FieldsV1.channel "channel" parent
            let! amount = FieldsV1.amount "amount" parent
            let! kind = PaymentKindV1.read "kind" parent
            return PaymentReserved(request, content, channel, amount, kind)
        }

    let paymentRefused parent : Read<Fact> =
        read {
            let! request = FieldsV1.request "request" parent
            let! channel = FieldsV1.channel "channel" parent
            let! tag = FieldsV1.string "tag" parent
            return PaymentRefused(request, channel, tag)
        }

    let objectiveOpened parent : Read<Fact> =
        read {
            let! goal = FieldsV1.nested "goal" GoalV1.read parent
            let! origin = GoalV1.readOrigin "origin" parent
            let! deadline = FieldsV1.instantOption "deadline" parent
            return ObjectiveOpened(goal, origin, deadline)
        }

    let goalApproved parent : Read<Fact> = FieldsV1.objective "objective" parent |> Result.map GoalApproved

    let openingUndone parent : Read<Fact> =
        read {
            let! objective = FieldsV1.objective "objective" parent
            let! reason = FieldsV1.string "reason" parent
            return OpeningUndone(objective, reason)
        }

    let peerGaveUp parent : Read<Fact> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! peer = FieldsV1.address "peer" parent
            return PeerGaveUp(channel, peer)
        }

    let objectiveEnded parent : Read<Fact> =
        read {
            let! objective = FieldsV1.objective "objective" parent
            let! ending = GoalV1.readEnding parent
            return ObjectiveEnded(objective, ending)
        }

    let channelAdded parent : Read<Fact> = TermsV1.read parent |> Result.map ChannelAdded

    let stateSeen parent : Read<Fact> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! variable = StatesV1.readVariable parent
            return StateSeen(channel, variable)
        }

    let stateSigned parent : Read<Fact> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! turn = FieldsV1.uint64 "turn" parent
            let! hash = FieldsV1.bytes32 "hash" parent
            let! party = FieldsV1.index "party" parent
            let! signature = FieldsV1.signature "signature" parent
            return StateSigned(channel, turn, hash, party, signature)
        }

    let proposalWanted parent : Read<Fact> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! proposal = FieldsV1.nested "proposal" StatesV1.readProposal parent
            return ProposalWanted(ledger, proposal)
        }

    let proposalUnwanted parent : Read<Fact> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! target = FieldsV1.channel "target" parent
            return ProposalUnwanted(ledger, target)
        }

    let proposalQueued parent : Read<Fact> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! turn = FieldsV1.uint64 "turn" parent
            let! proposal = FieldsV1.nested "proposal" StatesV1.readProposal parent
            let! hash = FieldsV1.bytes32 "hash" parent
            return ProposalQueued(ledger, turn, proposal, hash)
        }

    /// ProposalSigned and ProposalAgreed.
    let signedTurn make parent : Read<Fact> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! turn = FieldsV1.uint64 "turn" parent
            let! signature = FieldsV1.signature "signature" parent
            return make (ledger, turn, signature)
        }

    let proposalDropped parent : Read<Fact> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! turn = FieldsV1.uint64 "turn" parent
            return ProposalDropped(ledger, turn)
        }

    let proposalReceived parent : Read<Fact> =
        read {
            let! ledger = FieldsV1.channel "channel" parent
            let! turn = FieldsV1.uint64 "turn" parent
            let! proposal = FieldsV1.nested "proposal" StatesV1.readProposal parent
            let! hash = FieldsV1.bytes32 "hash" parent
            let! signature = FieldsV1.signature "signature" parent
            return ProposalReceived(ledger, turn, proposal, hash, signature)
        }

    let holdingsObserved parent : Read<Fact> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! held = FieldsV1.amount "held" parent
            let! at = FieldsV1.nested "at" ChainPositionV1.read parent
            return HoldingsObserved(channel, held, at)
        }

    let payoutObserved parent : Read<Fact> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! held = FieldsV1.amount "held" parent
            let! at = FieldsV1.nested "at" ChainPositionV1.read parent
            let! paid = FieldsV1.amount "paid" parent
            return PayoutObserved(channel, paid, held, at)
        }

    let holdingsDoubted parent : Read<Fact> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! height = FieldsV1.uint64 "height" parent
            return HoldingsDoubted(channel, height)
        }

    let journalRestored (_: JsonElement) : Read<Fact> = Ok JournalRestored

    /// ChannelConfirmed and ChannelDoubted.
    let channelOfPeer make parent : Read<Fact> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! peer = FieldsV1.address "peer" parent
            return make (channel, peer)
        }

    let ledgerAdopted parent : Read<Fact> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! variable = StatesV1.readVariable parent
            let! leaderSignature = FieldsV1.signature "leaderSignature" parent
            let! followerSignature = FieldsV1.signature "followerSignature" parent
            return LedgerAdopted(channel, variable, leaderSignature, followerSignature)
        }

    /// VoucherIssued and VoucherReceived.
    let voucher make parent : Read<Fact> =
        read {
            let! channel = FieldsV1.channel "channel" parent
            let! total = FieldsV1.amount "total" parent
            let! signature = FieldsV1.signature "signature" parent
            return make (channel, total, signature)
        }

    let intentRecorded parent : Read<Fact> = IntentV1.read parent |> Result.map IntentRecorded

    let intentFinished parent : Read<Fact> =
        read {
            let! effect = FieldsV1.int64 "effect" parent
            let! finish = IntentV1.readFinish parent
            return IntentFinished(EffectId effect, finish)
        }

    let woken parent : Read<Fact> = IntentV1.readTopic parent |> Result.map Woken

    let epochOpened parent : Read<Fact> =
        read {
            let! epoch = FieldsV1.index "epoch" parent
            let! facts = FieldsV1.index "facts" parent
            let! seenHeight = FieldsV1.uint64 "seenHeight" parent
            return EpochOpened(epoch, facts, seenHeight)
        }
