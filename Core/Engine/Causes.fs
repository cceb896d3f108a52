namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Who asked for a signature: found in the state whenever it is needed, so that a restart knows it as well.
module internal Causes =
    let private named kind channel = [ ({ Kind = kind; Channel = channel }: ObjectiveId).ToString() ]

    let private ofState (state: NodeState) id turn =
        match NodeState.channel id state with
        | ValueNone -> []
        | ValueSome channel ->
            match channel.Terms.IsLedger, turn <= Turn.postFund with
            | true, true -> named DirectFunding id
            | true, false -> named DirectDefunding id
            | false, true -> named VirtualFunding id
            | false, false -> named VirtualDefunding id

    let private ofProposal (state: NodeState) id turn =
        match NodeState.channel id state with
        | ValueSome { Ledger = ValueSome ledger } ->
            match ledger.Queue.TryFind turn with
            | Some { Proposal = Add _ as add } -> named VirtualFunding add.Target
            | Some { Proposal = Remove _ as remove } -> named VirtualDefunding remove.Target
            | None -> []
        | _ -> []

    let private ofVoucher (state: NodeState) id total =
        match NodeState.channel id state with
        | ValueSome { Payments = ValueSome payments } ->
            [ for pending in Payments.covered total payments do
                  let (RequestId request) = pending.Request
                  request ]
        | _ -> []

    let ofCall call : string list =
        match call with
        | Deposit(id, _, _) -> named DirectFunding id
        | ConcludeAndTransfer id -> named DirectDefunding id
        | ReadHoldings _ -> []

    /// Objectives by their names, payments by their request ids, which are shorter.
    let ofSigning (state: NodeState) signing : string list =
        match signing with
        | OwnState(id, turn, _) -> ofState state id turn
        | LedgerUpdate(id, turn, _) -> ofProposal state id turn
        | PaymentVoucher(id, total) -> ofVoucher state id total
