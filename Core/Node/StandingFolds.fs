namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol
open Known

/// What is left open by a journal that was restored from an older copy, channel by channel, until the peers have said what they hold.
module internal StandingFolds =
    let private isOver id (state: NodeState) =
        let ending kind = objective { Kind = kind; Channel = id } state |> ValueOption.bind _.Ending

        match ending DirectDefunding, ending VirtualDefunding, ending DirectFunding, ending VirtualFunding with
        | ValueSome Completed, _, _, _
        | _, ValueSome Completed, _, _
        | _, _, ValueSome(Rejected _), _
        | _, _, _, ValueSome(Rejected _) -> true
        | _ -> false

    /// Whose word counts: a ledger's other party; of a payment channel both ends, which have its vouchers, and our neighbours: a final state
    /// that an end has lost, too, may be all that explains what is gone from a ledger.
    let witnesses (terms: Terms) =
        let isWitness index = index = 0 || index = terms.Last || abs (index - terms.MyIndex) = 1
        terms.Parties |> List.indexed |> List.filter (fun (index, _) -> index <> terms.MyIndex && isWitness index) |> List.map snd

    /// Asked at once, whatever else is to be told again.
    let private soon (at: Instant) address (state: NodeState) =
        let cleared =
            match (peer address state).RetellAt with
            | ValueSome due -> unwake due (Retelling address) state
            | ValueNone -> state

        cleared
        |> onPeer address (fun p -> { p with RetellAt = ValueSome at; RetellSeconds = Pace.retellSeconds })
        |> wake at (Retelling address)

    /// What is asked already stays asked: the answer is on its way.
    let private mark at address ids (state: NodeState) =
        let add (stale: Map<ChannelId, Instant>) id = if stale.ContainsKey id then stale else stale.Add(id, at)
        state |> onPeer address (fun p -> { p with Stale = List.fold add p.Stale ids }) |> soon at address

    let doubt at id address (state: NodeState) = mark at address [ id ] state

    let restored (at: Instant) (state: NodeState) =
        let asked =
            [ for channel in Table.values state.Channels do
                  if not (isOver channel.Terms.Id state) then
                      for address in witnesses channel.Terms do address, channel.Terms.Id ]

        let neighbours = [ for struct (address, _) in Table.toSeq state.Ledgers do address ]

        // Answers to what was asked before speak to a node that knew more.
        let again =
            [ for struct (address, record) in Table.toSeq state.Peers do
                  if not record.Stale.IsEmpty then address ]
            |> List.fold (fun s address -> onPeer address (fun p -> { p with Stale = Map.map (fun _ _ -> at) p.Stale }) s) state

        asked
        |> List.groupBy fst
        |> List.fold (fun s (address, pairs) -> mark at address (List.map snd pairs) s) { again with Restored = true }
        |> fun marked -> neighbours |> List.fold (fun s address -> onPeer address (fun p -> { p with Unasked = true }) s) marked

    let confirm id address (state: NodeState) = state |> onPeer address (fun p -> { p with Stale = p.Stale.Remove id })

    /// Payment channels in it that we know nothing of are asked for, too, and those that are not in it any more.
    let adopt (at: Instant) id (variable: VariablePart) leaderSignature followerSignature (state: NodeState) =
        match channel id state with
        | ValueSome({ Ledger = ValueSome _ } as c) ->
            (match Ledger.tryRead c.Terms.Dialect variable.Outcome with
             | ValueSome agreed ->
                 let before = c.Ledger |> ValueOption.map (fun l -> l.Agreed.Guarantees) |> ValueOption.defaultValue Map.empty

                 // What is gone from it may have ended with a final state that we have forgotten, too.
                 let asked =
                     [ for target in agreed.Guarantees.Keys do
                           if (channel target state).IsNone then (Channel.counterparty c, target)
                       for target in before.Keys do
                           match channel target state with
                           | ValueSome gone when not (agreed.Guarantees.ContainsKey target) && (Channel.completeFinal gone).IsNone ->
                               for address in witnesses gone.Terms do (address, target)
                           | _ -> () ]

                 let moved =
                     state
                     |> onLedger id (LedgerChannel.adopt variable.Turn agreed leaderSignature followerSignature)
                     |> onChannel id (Channel.moved at)

                 asked |> List.groupBy fst |> List.fold (fun s (address, pairs) -> mark at address (List.map snd pairs) s) moved
             | ValueNone -> state)
        | _ -> state
