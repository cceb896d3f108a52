namespace Nitro.Simulation

open System
open System.Collections.Generic

/// All that is going to happen, ordered by (time, sequence), and the one clock. What a process had scheduled dies with it.
[<Sealed>]
type internal Agenda(start: int64) =
    let mutable times: int64[] = Array.zeroCreate 1_024
    let mutable orders: int64[] = Array.zeroCreate 1_024
    let mutable owners: int[] = Array.zeroCreate 1_024
    let mutable actions: (unit -> unit)[] = Array.zeroCreate 1_024
    let mutable count = 0
    let mutable order = 0L
    let mutable now = start
    let mutable taken = 0L
    let mutable processes = 0
    let living = HashSet<int>()

    let isBefore i j = times[i] < times[j] || (times[i] = times[j] && orders[i] < orders[j])

    let move from target =
        times[target] <- times[from]
        orders[target] <- orders[from]
        owners[target] <- owners[from]
        actions[target] <- actions[from]

    let swap i j =
        let time, sequence, owner, action = times[i], orders[i], owners[i], actions[i]
        move j i
        times[j] <- time
        orders[j] <- sequence
        owners[j] <- owner
        actions[j] <- action

    let rec up i =
        let parent = (i - 1) / 2

        if i > 0 && isBefore i parent then
            swap i parent
            up parent

    let rec down i =
        let left = 2 * i + 1

        if left < count then
            let least = if left + 1 < count && isBefore (left + 1) left then left + 1 else left

            if isBefore least i then
                swap i least
                down least

    let grow () =
        let size = 2 * times.Length
        Array.Resize(&times, size)
        Array.Resize(&orders, size)
        Array.Resize(&owners, size)
        Array.Resize(&actions, size)

    /// Owner of what is nobody's own: the network, the chain, the callers.
    static member World = 0

    /// Microseconds since 1970.
    member _.Now = now
    /// Items that have happened.
    member _.Taken = taken

    member _.Begin() : int =
        processes <- processes + 1
        living.Add processes |> ignore
        processes

    member _.End(number: int) = living.Remove number |> ignore
    member _.IsAlive(owner: int) = owner = Agenda.World || living.Contains owner

    /// `micros` from now.
    member _.After(micros: int64, owner: int, action: unit -> unit) =
        if count = times.Length then grow ()
        order <- order + 1L
        times[count] <- now + max 0L micros
        orders[count] <- order
        owners[count] <- owner
        actions[count] <- action
        count <- count + 1
        up (count - 1)

    /// The next item, unless it is due later than `until`. Items of the dead do not count.
    member this.TryStep(until: int64) : bool =
        if count = 0 || times[0] > until then
            false
        else
            let owner, action = owners[0], actions[0]
            now <- times[0]
            count <- count - 1
            move count 0
            actions[count] <- Unchecked.defaultof<_>
            down 0

            if this.IsAlive owner then
                taken <- taken + 1L
                action ()
                true
            else
                this.TryStep until

    /// Nothing happens until then.
    member _.Wait(until: int64) = now <- max now until
