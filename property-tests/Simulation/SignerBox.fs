namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Signer

/// A signer in a process of its own: the real decision by durable marks, a fake curve. It lives on when its node dies.
[<Sealed>]
type internal SignerBox(ground: Ground, me: Address) =
    let marks = Dictionary<ChannelId, ChannelMarks>()
    let signed = Dictionary<struct (ChannelId * TurnNumber), Bytes32>()
    // What was asked first is judged first, or a signer could sign what it has refused since.
    let mutable busyUntil = 0L

    let lookup id = match marks.TryGetValue id with | true, found -> found | _ -> Marks.none

    /// One payload per turn and key, whatever the marks say: this is the check of the marks themselves.
    let watch payload =
        match payload with
        | StatePayload(fixedPart, variable, _) ->
            let slot = struct (FixedPart.channelId fixedPart, variable.Turn)
            let hash = Payload.hash payload

            match signed.TryGetValue slot with
            | true, earlier when earlier <> hash -> ground.Fail $"{me} signed two states for turn {variable.Turn} of {FixedPart.channelId fixedPart}"
            | _ -> signed[slot] <- hash
        | VoucherPayload _ -> ()

    let refusal payload (forbids: Payload -> string voption) =
        match forbids payload with
        | ValueSome tag -> ValueSome tag
        | ValueNone -> if ground.Strikes("signer refuses", ground.Faults.SignerRefuses) then ValueSome "policy-simulated" else ValueNone

    member _.Marks(id: ChannelId) = lookup id

    /// The signer's own policy, beside its marks: a tag refuses.
    member val Forbids: Payload -> string voption = (fun _ -> ValueNone) with get, set
    /// Everything signed, once each time.
    member val OnSigned: Payload -> unit = ignore with get, set

    member private this.Judge(payload: Payload) : SignerVerdict =
        match Signer.step lookup payload with
        // What was signed once is signed again, or the node would take for unsigned what is out.
        | [], Approve digest -> Signed(FakeCurve.sign me digest)
        | _, Refuse tag -> Declined tag
        // What was signed once is signed again, whatever the policy has come to say: a refusal means that nothing is out.
        | [], Approve digest -> Signed(FakeCurve.sign me digest)
        | changed, Approve digest ->
            match refusal payload this.Forbids with
            | ValueSome tag -> Declined tag
            | ValueNone ->
                for id, next in changed do marks[id] <- next
                watch payload
                this.OnSigned payload
                Signed(FakeCurve.sign me digest)

    member private _.Spoiled(verdict: SignerVerdict) =
        match verdict with
        | Signed signature when ground.Strikes("signer signs something else", ground.Faults.SignerWrong) ->
            Signed { signature with R = Bytes32.ofUInt64 1UL }
        | Signed _
        | Declined _ -> verdict

    /// Answers after a while; to whom it may concern, which is nobody if the asking process is dead by then.
    member this.Ask(owner: int, requests: (EffectId * Payload) list, answer: (EffectId * SignerVerdict) list -> unit) =
        let now = ground.Agenda.Now

        let milliseconds =
            if ground.Strikes("signer away", ground.Faults.SignerAway) then ground.Random.Between(1_000, 300_000)
            elif ground.Strikes("signer slow", ground.Faults.SignerSlow) then ground.Random.Between(1_000, 40_000)
            else ground.Random.Between(1, 12)

        busyUntil <- max busyUntil (now + int64 milliseconds * 1_000L)

        ground.Agenda.After(busyUntil - now, Agenda.World, (fun () ->
            let verdicts = requests |> List.map (fun (effect, payload) -> effect, this.Spoiled(this.Judge payload))
            ground.After(0, 2, owner, (fun () -> answer verdicts))
            if ground.Strikes("signer answers twice", ground.Faults.SignerTwice) then ground.After(0, 2_000, owner, (fun () -> answer verdicts))))
