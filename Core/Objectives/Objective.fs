namespace Nitro.Objectives

open Nitro.Kernel
open Nitro.Node

/// The switchboard: the only place that lists the objectives.
module internal Objective =
    let private advanceApproved (world: World) (record: ObjectiveRecord) (channel: Channel) : Progress =
        let objective = Goal.id record.Goal

        match record.Goal with
        | DirectFund _ -> DirectFund.advance objective channel
        | DirectDefund _ -> DirectDefund.advance objective channel
        | VirtualFund(_, left, right) -> VirtualFund.advance world record objective channel left right
        | VirtualDefund(_, left, right) -> VirtualDefund.advance world objective channel left right

    /// What the objective lacks now. Pure in world and goal; asked again whenever a fact touches its channel.
    let advance (world: World) (record: ObjectiveRecord) : Progress =
        match World.channel (Goal.id record.Goal).Channel world with
        | ValueNone -> Abandon "store: failed to find required channel data"
        | ValueSome _ when not record.Approved -> Waiting("WaitingForApproval", [])
        | ValueSome channel -> advanceApproved world record channel
