namespace Nitro.Objectives

open Nitro.Node

/// `flow { do! check ... return Done [] }`: conditions in order, stopping at the first unmet one; what met ones leave to tell is kept.
type internal FlowBuilder() =
    member _.Bind(check: Check, next: unit -> Progress) : Progress =
        match check with
        | Unmet(label, needs) -> Waiting(label, needs)
        | Met left ->
            match next () with
            | Done needs -> Done(left @ needs)
            | Waiting(label, needs) -> Waiting(label, left @ needs)
            | Abandon reason -> Abandon reason

    member _.Return(progress: Progress) = progress
    member _.ReturnFrom(progress: Progress) = progress

[<AutoOpen>]
module internal Flow =
    let flow = FlowBuilder()
