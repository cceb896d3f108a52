namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer

/// What the signer has signed in the place of what it refuses (`no-double-sign`): a node that has lost it can go on from it, and only from it.
/// Nothing new is signed by telling.
module internal Recall =
    let private at turn (channel: SignerChannel) =
        let own = channel.Pending |> List.tryFind (fun seen -> seen.Variable.Turn = turn && seen.By.Contains channel.Mine)

        match own, channel.Supported with
        | Some seen, _ -> ValueSome seen.Variable
        | None, ValueSome seen when seen.Variable.Turn = turn -> ValueSome seen.Variable
        | None, _ -> ValueNone

    let private ledgerAt turn (channel: SignerChannel) =
        at turn channel |> ValueOption.bind (fun variable -> Ledger.tryRead channel.Dialect variable.Outcome)

    let private earlier (channel: SignerChannel) turn : SignerRequest voption =
        match at turn channel with
        | ValueSome variable when channel.Kind = Payment -> ValueSome(SignState { Fixed = channel.Fixed; Variable = variable })
        // Who follows never signs before the leader, whose proposals do not get lost with our journal.
        | ValueSome variable when channel.Kind = Ledger && channel.Mine = 0 && not variable.IsFinal ->
            match ledgerAt (turn - 1UL) channel, ledgerAt turn channel with
            | ValueSome before, ValueSome after -> Ledger.change before after |> ValueOption.map (fun proposal -> SignProposal(channel.Id, turn, proposal))
            | _ -> ValueNone
        | _ -> ValueNone

    /// Of what was refused with this tag, last among these; nothing where it is forgotten, or was refused for another reason.
    let instead tag (state: SignerState) (refused: SignerRequest list) : SignerRequest voption =
        let find id turn =
            match state.Channels.TryFind id with
            | Some channel when tag = Tags.noDoubleSign.Name -> earlier channel turn
            | Some _
            | None -> ValueNone

        match List.tryLast refused with
        | Some(SignProposal(ledger, turn, _)) -> find ledger turn
        | Some(SignState wanted) -> find (FixedPart.channelId wanted.Fixed) wanted.Variable.Turn
        | Some _
        | None -> ValueNone
