namespace Nitro.Objectives

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Opens a ledger: pre-fund signed, deposits in order of priority, post-fund signed. Reference 3.2.
module internal DirectFund =
    /// Nobody deposits before everything that ranks above it is there: holdings pay by priority.
    let private deposited (channel: Channel) =
        let terms = channel.Terms
        let before = if terms.MyIndex = 0 then Amount.zero else terms.Opening.LeaderBalance
        let target = Amount.addSaturated before (Terms.ownShare terms)

        if channel.Chain.Held >= terms.Total then Met []
        elif channel.Chain.Held < before then Unmet("WaitingForMyTurnToFund", [ Holdings terms.Id ])
        elif channel.Chain.Held >= target then Unmet("WaitingForCompleteFunding", [ Holdings terms.Id ])
        else
            let missing = Amount.lacking target channel.Chain.Held
            World.called "WaitingForCompleteFunding" (Deposit(terms.Id, channel.Chain.Held, missing)) channel

    let advance (objective: ObjectiveId) (channel: Channel) : Progress =
        flow {
            do! World.prepared objective channel
            do! World.trusted channel
            do! deposited channel
            do! World.agreed "WaitingForCompletePostFund" objective channel (World.opening Turn.postFund channel)
            return Done []
        }
