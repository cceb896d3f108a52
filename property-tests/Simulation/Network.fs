namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel

/// What the link says of a frame.
[<Struct>]
type internal LinkAnswer =
    | Taken
    | Busy
    | Offended of code: string
    | Unreachable

/// Who hears frames. `heard`: called with the answer, or never if the listener's process dies.
type internal Listener = delegate of sender: Address * frame: byte[] * heard: (LinkAnswer -> unit) -> unit

/// Frames between nodes: lost, late, twice, or not at all while a partition lasts.
[<Sealed>]
type internal Network(ground: Ground) =
    let listeners = Dictionary<Address, Listener>()
    let cuts = Dictionary<struct (Address * Address), int>()

    let isCut a b = match cuts.TryGetValue(struct (a, b)) with | true, count -> count > 0 | _ -> false

    let latency () =
        if ground.Strikes("frame delayed", ground.Faults.Delayed) then ground.Random.Between(500, 60_000) else ground.Random.Between(1, 40)

    let hear sender receiver frame heard =
        match listeners.TryGetValue receiver with
        | true, listener when not (isCut sender receiver) -> listener.Invoke(sender, frame, heard)
        | _ -> heard Unreachable

    let change a b by =
        for key in [ struct (a, b); struct (b, a) ] do
            match cuts.TryGetValue key with
            | true, count -> cuts[key] <- max 0 (count + by)
            | _ -> cuts[key] <- max 0 by

    member _.Listeners = listeners

    /// What leaves instead of a frame; a byzantine sender's own.
    member val Tamper: Address -> Address -> byte[] -> byte[] list = (fun _ _ frame -> [ frame ]) with get, set

    member _.IsReachable(a: Address, b: Address) = not (isCut a b)
    /// Two nodes do not hear each other from now on. Cuts add up.
    member _.Cut(a: Address, b: Address) = change a b 1
    member _.Heal(a: Address, b: Address) = change a b -1

    /// `owner`: the sender's process, to which the answer goes. A link that breaks is noticed after a while.
    member this.Send(owner: int, sender: Address, receiver: Address, frame: byte[], answered: LinkAnswer -> unit) =
        let lost () = ground.After(100, 20_000, owner, (fun () -> answered Unreachable))

        let heard answer =
            match answer with
            | Unreachable -> lost ()
            | _ when isCut sender receiver || ground.Strikes("answer lost", ground.Faults.AnswerLost) -> lost ()
            | Taken
            | Busy
            | Offended _ -> ground.After(1, 40, owner, (fun () -> answered answer))

        if isCut sender receiver || ground.Strikes("frame lost", ground.Faults.Lost) then
            lost ()
        else
            match this.Tamper sender receiver frame with
            | [] -> lost ()
            | first :: more ->
                let delay = latency ()
                ground.After(delay, delay, Agenda.World, (fun () -> hear sender receiver first heard))

                for other in more do
                    ground.After(delay, delay + 40, Agenda.World, (fun () -> hear sender receiver other ignore))

                if ground.Strikes("frame repeated", ground.Faults.Repeated) then
                    ground.After(1, 90_000, Agenda.World, (fun () -> hear sender receiver first ignore))
