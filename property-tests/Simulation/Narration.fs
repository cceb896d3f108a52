namespace Nitro.Simulation

open System.Text
open System.Text.RegularExpressions
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Wire

/// What happened, for people: used only where a trace is kept.
module internal Narration =
    let private shortened (text: string) =
        let text = Regex.Replace(text, "0x[0-9a-fA-F]{60,}", (fun (found: Match) -> $"{found.Value.Substring(2, 6)}…"))
        let text = Regex.Replace(text, "0x0{20,}", "0x")
        let text = Regex.Replace(text, @"\{ A = \d+UL\s+B = \d+UL\s+C = \d+UL\s+D = (\d+)UL \}", "…$1")
        let text = Regex.Replace(text, @"\{ High = 0UL\s+Middle = 0UL\s+Low = (\d+)u \}", "@$1")
        Regex.Replace(text, @"\s*\n\s*", " ")

    let command (command: Command) = shortened $"{command}"

    let fact (fact: Fact) =
        let struct (name, _, body) = LogV1.encode fact
        shortened $"{name} {Encoding.UTF8.GetString body}"

    let payload (payload: Payload) =
        match payload with
        | StatePayload(fixedPart, variable) ->
            let final = if variable.IsFinal then ", final" else ""
            $"turn {variable.Turn} of {FixedPart.channelId fixedPart}{final}"
        | VoucherPayload voucher -> $"a voucher of {voucher.Total} on {voucher.Channel}"

    let private item item =
        match item with
        | StateItem(objective, state) ->
            let signers = state.Signatures |> List.map fst
            $"{objective}: state of turn {state.Variable.Turn}, signed by {signers}"
        | FinalStateWantedItem objective -> $"{objective}: wants the final state"
        | ProposalItem said -> $"turn {said.Turn} of {said.Ledger}: {said.Proposal}"
        | VoucherItem(voucher, _, _) -> $"voucher {voucher.Total} on {voucher.Channel}"
        | RejectionItem objective -> $"rejects {objective}"
        | StandingWantedItem(objective, _) -> $"{objective}: asks for all that is held"
        | StandingItem(objective, _) -> $"{objective}: that is all"
        | LedgersWantedItem -> "asks for all ledgers"

    let items (said: PeerItem list) = said |> List.map item |> String.concat "; "

    let event event =
        match event with
        | Asked(RequestId name, _, command) -> $"is asked {name}: {command}"
        | PeerSaid message ->
            $"hears {message.Value.From}: {items message.Value.Items}"
        | PeerTook(EffectId effect) -> $"#{effect} was taken"
        | PeerRefused(EffectId effect, code) -> $"#{effect} was refused: {code}"
        | PeerSeen peer -> $"sees {peer}"
        | ChainShowed(notice, position) -> $"is shown {notice} at {position.Height}.{position.Index}"
        | ChainRetracted height -> $"is told that blocks from {height} are gone"
        | ChainRefused(EffectId effect, reason) -> $"#{effect} is refused by the chain: {reason}"
        | SignerReplied replies ->
            let effects = replies |> List.map (fun (EffectId effect, verdict) -> match verdict with Signed _ -> $"#{effect} signed" | Declined(tag, _) -> $"#{effect} declined ({tag})")
            String.concat ", " effects
        | Ticked -> "hears the clock"

    let step (happened: Event) (step: Step) =
        let taking = match step.Taking with Take -> "" | NotNow why -> $" - not now: {why}" | Offend offence -> $" - OFFENCE {offence.Code}: {offence.Detail}"
        let facts = step.Facts |> List.map (fun found -> "\n      " + fact found) |> String.concat ""
        shortened (event happened + taking) + facts
