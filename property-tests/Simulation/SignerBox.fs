namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Signer.Policy

/// What a node asks its signer for.
type internal SignTask =
    { /// What the signature must be over.
      Payload: Payload
      /// Evidence, and last what is wanted.
      Items: SignerRequest list }

/// What a signer says.
type internal SignerWord =
    | Final of SignerVerdict
    /// Not now: it stays with the node.
    | Later of tag: string

/// A signer in a process of its own: the real decision by a durable memory of its own, a fake curve. It lives on when its node dies.
[<Sealed>]
type internal SignerBox(ground: Ground, settings: Settings) =
    let me = settings.Me

    let config =
        Presets.attended
            settings.ChainId
            settings.Adjudicator
            me
            (Map.ofList [ settings.ConsensusApp, Ledger; settings.VirtualApp, Payment; Address.zero, Payment ])

    let powers: Powers = { Recover = FakeCurve.recover; Attests = fun _ _ -> false }
    let signed = Dictionary<struct (ChannelId * TurnNumber), Bytes32>()
    let mutable memory = SignerState.empty
    let simulated = "policy-simulated"
    let byWeather what permille = ground.Strikes(what, permille)
    // What was asked first is judged first, or a signer could sign what it has refused since.
    let mutable busyUntil = 0L

    /// One payload per turn and key, whatever the policy says: this is the check of the policy itself.
    let watch payload =
        match payload with
        | StatePayload(fixedPart, variable) ->
            let slot = struct (FixedPart.channelId fixedPart, variable.Turn)
            let hash = Payload.hash payload

            match signed.TryGetValue slot with
            | true, earlier when earlier <> hash -> ground.Fail $"{me} signed two states for turn {variable.Turn} of {FixedPart.channelId fixedPart}"
            | _ -> signed[slot] <- hash
        | VoucherPayload _ -> ()

    let refusal strikes payload (forbids: Payload -> string voption) =
        match forbids payload with
        | ValueSome tag -> ValueSome tag
        | ValueNone -> if strikes "signer refuses" ground.Faults.SignerRefuses then ValueSome simulated else ValueNone

    let hear items = Hearing.hear powers config (ground.Agenda.Now / 1_000_000L) ValueNone memory items

    member _.Memory = memory

    /// The owner's wish, beside the policy: a tag refuses.
    member val Forbids: Payload -> string voption = (fun _ -> ValueNone) with get, set
    /// Everything signed, once each time.
    member val OnSigned: Payload -> unit = ignore with get, set
    /// Of an honest node the policy refuses nothing.
    member val OnStopped: SignTask -> string -> unit = (fun _ _ -> ()) with get, set

    /// The same of its calls.
    member val OnCallStopped: string -> unit = ignore with get, set

    /// `isLate`: whatever is said of it, nobody goes by it.
    member private this.Hear(strikes, isLate, task: SignTask) : SignerWord =
        let sign digest = Final(Signed(FakeCurve.sign me digest))

        match hear task.Items with
        | struct (Verdict.Approve digest, next) ->
            if digest <> Payload.digest task.Payload then ground.Fail $"{me}: the signer would sign something else than {task.Payload}"
            // What was signed once is signed again, or the node would take for unsigned what is out.
            let struct (again, _) = hear [ List.last task.Items ]
            let isOut = (again = Verdict.Approve digest && next.Version = memory.Version)

            match (if isOut then ValueNone else refusal strikes task.Payload this.Forbids) with
            | ValueSome tag -> Final(Declined(tag, ValueNone))
            | ValueNone ->
                memory <- next
                watch task.Payload
                if not isOut then this.OnSigned task.Payload
                sign digest
        | struct (Verdict.Noted, _) -> ground.Fail $"{me}: nothing was wanted of {task.Payload}"
        | struct (Verdict.Refuse tag, next) ->
            memory <- next
            if not isLate then this.OnStopped task tag

            let before =
                match Recall.instead tag next task.Items with
                | ValueSome(SignProposal(_, turn, proposal)) -> ValueSome(ProposalBefore(turn, proposal))
                | ValueSome(SignState state) -> ValueSome(StateBefore state.Variable)
                | _ -> ValueNone

            Final(Declined(tag, before))
        | struct (Verdict.Wait tag, next) ->
            memory <- next
            if ground.IsTracing then ground.Note(ValueSome me, (fun () -> $"its signer waits: {tag}, {List.last task.Items}"))
            if not isLate then this.OnStopped task tag
            Later tag

    /// A transaction of the chain account, judged by the same policy out of the same memory.
    member this.Call(evidence: SignerRequest list, nonce: uint64, value: Amount, data: byte[]) =
        let transaction: Transaction =
            { ChainId = settings.ChainId
              Nonce = nonce
              MaxPriorityFeePerGas = Amount.ofUInt64 1UL
              MaxFeePerGas = Amount.ofUInt64 1UL
              GasLimit = 100_000UL
              To = ValueSome settings.Adjudicator
              Value = value
              Data = data }

        match hear (evidence @ [ SignTransaction transaction ]) with
        | struct (Verdict.Approve _, next) -> memory <- next
        | struct (Verdict.Noted, _) -> ground.Fail $"{me}: a transaction was not wanted"
        | struct ((Verdict.Refuse tag | Verdict.Wait tag), next) ->
            memory <- next
            this.OnCallStopped tag

    member private _.Spoiled(strikes, word: SignerWord) =
        match word with
        | Final(Signed signature) when strikes "signer signs something else" ground.Faults.SignerWrong ->
            Final(Signed { signature with R = Bytes32.ofUInt64 1UL })
        | Final _
        | Later _ -> word

    /// Behind what has to wait, nothing of the same lane is judged: it rests on it.
    member private this.JudgeAll(strikes, isLate, requests: (EffectId * SignTask) list) =
        let waiting = Dictionary<ChannelId, string>()

        requests
        |> List.map (fun (effect, task) ->
            let lane = match task.Payload with StatePayload(fixedPart, _) -> FixedPart.channelId fixedPart | VoucherPayload voucher -> voucher.Channel

            let word =
                match waiting.TryGetValue lane with
                | true, tag -> Later tag
                | _ -> this.Hear(strikes, isLate, task)

            (match word with Later tag -> waiting[lane] <- tag | Final _ -> ())
            effect, this.Spoiled(strikes, word))

    /// Behind all that was asked before, and only if the attachment that brought it is still there by then. What it says goes back in the
    /// same moment: its memory has changed, whoever hears of it.
    member this.Judge(milliseconds: int, strikes: string -> int -> bool, requests, isThere: unit -> bool, isLate: unit -> bool, answer: (EffectId * SignerWord) list -> unit) =
        let now = ground.Agenda.Now
        busyUntil <- max busyUntil (now + int64 milliseconds * 1_000L)

        ground.Agenda.After(busyUntil - now, Agenda.World, (fun () -> if isThere () then answer (this.JudgeAll(strikes, isLate (), requests))))

    /// Answers after a while; to whom it may concern, which is nobody if the asking process is dead by then.
    member this.Ask(owner: int, requests: (EffectId * SignTask) list, answer: (EffectId * SignerWord) list -> unit) =
        let now = ground.Agenda.Now

        let milliseconds =
            if ground.Strikes("signer away", ground.Faults.SignerAway) then ground.Random.Between(1_000, 300_000)
            elif ground.Strikes("signer slow", ground.Faults.SignerSlow) then ground.Random.Between(1_000, 40_000)
            else ground.Random.Between(1, 12)

        busyUntil <- max busyUntil (now + int64 milliseconds * 1_000L)

        ground.Agenda.After(busyUntil - now, Agenda.World, (fun () ->
            let words = this.JudgeAll(byWeather, false, requests)
            ground.After(0, 2, owner, (fun () -> answer words))
            if ground.Strikes("signer answers twice", ground.Faults.SignerTwice) then ground.After(0, 2_000, owner, (fun () -> answer words))))
