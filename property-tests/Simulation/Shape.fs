namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Node

/// A channel seen from far: who has signed what, how full the queue is, what runs. How many different ones a run has met tells
/// how much of the state space it has seen.
module internal Shape =
    let private mix (hash: int64) (value: int) = (hash ^^^ int64 value) * 0x100000001B3L
    let private bit value = if value then 1 else 0

    let private ofStates (channel: Channel) hash =
        let mutable hash = hash

        for KeyValue(turn, states) in channel.States do
            for seen in states do
                hash <- mix (mix hash (int (min turn 3UL))) (bit seen.Variable.IsFinal)
                for KeyValue(party, _) in seen.Signatures do hash <- mix hash party

        hash

    let private ofLedger (channel: Channel) hash =
        match channel.Ledger with
        | ValueSome ledger ->
            let hash = mix hash (min 4 (LedgerChannel.inFlight ledger))
            mix (mix hash (bit (LedgerChannel.hasUnsigned ledger))) (min 4 ledger.Agreed.Guarantees.Count)
        | ValueNone -> hash

    let private ofPayments (channel: Channel) hash =
        match channel.Payments with
        | ValueSome payments -> mix (mix (mix hash (min 3 payments.PendingCount)) (bit payments.Best.IsZero)) (bit payments.Issued.IsZero)
        | ValueNone -> hash

    let private kinds = [ DirectFunding, 1; DirectDefunding, 2; VirtualFunding, 3; VirtualDefunding, 4 ]

    let private ofObjectives (state: NodeState) id hash =
        kinds
        |> List.fold
            (fun hash (kind, number) ->
                match NodeState.objective { Kind = kind; Channel = id } state with
                | ValueSome record -> mix hash (number + 8 * bit record.Approved + 16 * bit record.Undoing.IsSome + 32 * bit record.Ending.IsSome)
                | ValueNone -> hash)
            hash

    let ofChannel (state: NodeState) (channel: Channel) : int64 =
        let terms = channel.Terms

        mix (mix 0x4BF29CE484222325L terms.MyIndex) (terms.Parties.Length + 16 * bit terms.IsLedger + 32 * bit channel.Chain.Doubtful)
        |> ofStates channel
        |> ofLedger channel
        |> ofPayments channel
        |> ofObjectives state terms.Id
