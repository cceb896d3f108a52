namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// A state that somebody's key has signed, and whose.
type internal SignedByWhom =
    { Fixed: FixedPart
      Variable: VariablePart
      Hash: Bytes32
      Signers: HashSet<Address> }

/// What the world knows of each key, whatever its node believes: what it signed, and what it was given.
[<Sealed>]
type internal Books() =
    let states = Dictionary<ChannelId, Dictionary<Bytes32, SignedByWhom>>()
    let spent = Dictionary<struct (Address * ChannelId), Amount>()
    let given = Dictionary<struct (Address * ChannelId), Amount>()

    let statesOf id =
        match states.TryGetValue id with
        | true, found -> found
        | _ ->
            let found = Dictionary<Bytes32, SignedByWhom>()
            states[id] <- found
            found

    let find (table: Dictionary<struct (Address * ChannelId), Amount>) who id =
        match table.TryGetValue(struct (who, id)) with
        | true, amount -> amount
        | _ -> Amount.zero

    /// The largest voucher total that this key has signed.
    member _.Spent(who: Address, id: ChannelId) = find spent who id

    /// The largest voucher total that this node has made durable.
    member _.Given(who: Address, id: ChannelId) = find given who id

    /// Whether this key has signed a state of that turn.
    member _.HasSigned(who: Address, id: ChannelId, turn: TurnNumber) =
        match states.TryGetValue id with
        | true, found -> found.Values |> Seq.exists (fun state -> state.Variable.Turn = turn && state.Signers.Contains who)
        | _ -> false

    /// All states of a channel that anybody has signed.
    member _.States(id: ChannelId) : seq<SignedByWhom> = match states.TryGetValue id with | true, found -> found.Values | _ -> Seq.empty

    /// Returns what is wrong with it.
    member _.Signed(who: Address, payload: Payload) : string list =
        match payload with
        | StatePayload(fixedPart, variable) ->
            let known = statesOf (FixedPart.channelId fixedPart)
            let hash = Payload.hash payload

            match known.TryGetValue hash with
            | true, found -> found.Signers.Add who |> ignore
            | _ ->
                known[hash] <-
                    { Fixed = fixedPart
                      Variable = variable
                      Hash = hash
                      Signers = HashSet [ who ] }

            []
        | VoucherPayload voucher ->
            let before = find spent who voucher.Channel
            spent[struct (who, voucher.Channel)] <- Amount.max before voucher.Total
            if voucher.Total < before then [ $"{who} signed a voucher of {voucher.Total} after one of {before}" ] else []

    member _.Committed(who: Address, fact: Fact) =
        match fact with
        | VoucherReceived(id, total, _) -> given[struct (who, id)] <- Amount.max total (find given who id)
        | _ -> ()
