namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What a journal claims about signatures, recovered once more. A finding is damage or a bug of ours, in words.
module internal Proof =
    let private check (settings: Settings) (signer: Address) hash signature (what: unit -> string) =
        match settings.Recover.Invoke(Digest.personal hash, signature) with
        | ValueSome found when found = signer -> []
        | ValueSome found -> [ $"{what ()}: the signature is {found}'s, not {signer}'s" ]
        | ValueNone -> [ $"{what ()}: nobody's signature" ]

    let private turn (settings: Settings) (channel: Channel) party hash turn signature =
        match List.tryItem party channel.Terms.Parties with
        | Some signer -> check settings signer hash signature (fun () -> $"turn {turn} of {channel.Terms.Id}")
        | None -> [ $"turn {turn} of {channel.Terms.Id}: there is no participant {party}" ]

    /// What is signed at a ledger's turn, as the state says.
    let private update (channel: Channel) at (outcome: LedgerOutcome) =
        State.hash channel.Terms.Id (Ledger.toVariable channel.Terms.Dialect at false outcome)

    let private named (channel: Channel) at hash (queued: QueuedProposal) =
        if hash = update channel at queued.After then []
        else [ $"turn {at} of {channel.Terms.Id}: the hash is not that of the ledger after it" ]

    let private queued (state: NodeState) id at judge =
        match NodeState.channel id state with
        | ValueSome({ Ledger = ValueSome ledger } as channel) ->
            (match ledger.Queue.TryFind at with
             | Some found -> judge channel found
             | None -> [ $"turn {at} of {id} was never proposed" ])
        | _ -> [ $"{id} is no running ledger" ]

    let private voucher (settings: Settings) (state: NodeState) id total signature =
        match NodeState.channel id state with
        | ValueSome channel ->
            check settings channel.Terms.Payer (Voucher.hash { Channel = id; Total = total }) signature (fun () -> $"the voucher of {total} on {id}")
        | ValueNone -> [ $"a voucher on {id}, which is not known" ]

    /// Of one fact upon the state before it, and after it.
    let ofFact (settings: Settings) (before: NodeState) (after: NodeState) (fact: Fact) : string list =
        match fact with
        | StateSigned(id, at, hash, party, signature) ->
            (match NodeState.channel id before with
             | ValueSome channel when (Channel.tryHash at hash channel).IsSome -> turn settings channel party hash at signature
             | ValueSome _ -> [ $"turn {at} of {id}: the state that is signed is not on record" ]
             | ValueNone -> [ $"a signature on {id}, which is not known" ])
        | ProposalQueued(id, at, _, hash) -> queued after id at (fun channel found -> named channel at hash found)
        | ProposalSigned(id, at, signature) -> queued before id at (fun channel found -> turn settings channel 0 found.Hash at signature)
        | ProposalReceived(id, at, _, hash, signature) ->
            queued after id at (fun channel found -> named channel at hash found @ turn settings channel 0 hash at signature)
        | ProposalAgreed(id, at, signature) -> queued before id at (fun channel found -> turn settings channel 1 found.Hash at signature)
        | VoucherIssued(id, total, signature)
        | VoucherReceived(id, total, signature) -> voucher settings before id total signature
        | LedgerAdopted(id, variable, leaderSignature, followerSignature) ->
            (match NodeState.channel id before with
             | ValueSome channel ->
                 let hash = State.hash id variable
                 turn settings channel 0 hash variable.Turn leaderSignature @ turn settings channel 1 hash variable.Turn followerSignature
             | ValueNone -> [ $"{id} is no running ledger" ])
        | IntentFinished(effect, _) when (Outbox.tryFind effect before.Outbox).IsNone -> [ $"{effect} ends here, and was not open" ]
        | RequestBound _
        | PaymentReserved _
        | PaymentRefused _
        | ObjectiveOpened _
        | GoalApproved _
        | OpeningUndone _
        | PeerGaveUp _
        | ObjectiveEnded _
        | ChannelAdded _
        | StateSeen _
        | ProposalWanted _
        | ProposalUnwanted _
        | ProposalDropped _
        | HoldingsObserved _
        | PayoutObserved _
        | HoldingsDoubted _
        | IntentRecorded _
        | IntentFinished _
        | Woken _
        | JournalRestored
        | ChannelConfirmed _
        | ChannelDoubted _
        | EpochOpened _
        | Restated _ -> []

    let private ledger (settings: Settings) (channel: Channel) (ledger: LedgerChannel) =
        let both hash =
            [ yield! turn settings channel 0 hash ledger.AgreedTurn ledger.LeaderSignature
              yield! turn settings channel 1 hash ledger.AgreedTurn ledger.FollowerSignature ]

        [ yield! both (update channel ledger.AgreedTurn ledger.Agreed)
          for KeyValue(at, found) in ledger.Queue do
              yield! named channel at found.Hash found

              match found.LeaderSignature with
              | ValueSome signature -> yield! turn settings channel 0 found.Hash at signature
              | ValueNone -> () ]

    /// Of all that a state holds: where the facts that brought it are not there to be judged.
    let ofState (settings: Settings) (state: NodeState) : string list =
        [ for channel in state.Channels.Items.Values do
              for seen in Seq.collect id channel.States.Values do
                  for KeyValue(party, signature) in seen.Signatures do
                      yield! turn settings channel party seen.Hash seen.Variable.Turn signature

              match channel.Ledger with
              | ValueSome running -> yield! ledger settings channel running
              | ValueNone -> ()

              match channel.Payments with
              | ValueSome payments ->
                  for total, signature in [ payments.Issued, payments.IssuedSignature; payments.Best, payments.Received.Signature ] do
                      match signature with
                      | ValueSome found -> yield! voucher settings state channel.Terms.Id total found
                      | ValueNone -> ()
              | ValueNone -> () ]
