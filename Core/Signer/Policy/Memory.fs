namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer

/// Which channels are kept in full, and when one makes room. Of a channel that goes nothing comes back: its id can never be registered
/// again, and without its channel nothing is signed. So whoever makes one go gains no turn, no voucher, and no post-fund.
module internal Memory =
    /// Openings last minutes. Who floods us with half-open channels must not push out those of others that are still under way.
    let private restSeconds = 3_600L

    let private isHeld (channel: SignerChannel) =
        match channel.Sighting with
        | ValueSome seen -> not seen.Holdings.IsEmpty
        | ValueNone -> false

    /// Nothing of ours stands in it, and nothing that we have signed puts any there.
    let mayGo (channel: SignerChannel) =
        let isUnused = not (SignerChannel.hasSigned Turn.postFund channel)
        let isEnded = (SignerChannel.final channel).IsSome

        match channel.Kind with
        | Payment -> channel.Backing.IsEmpty && channel.Leaving.IsEmpty && (isUnused || isEnded || channel.Marks.PostFundBarred)
        | Direct
        | Ledger -> channel.Shares.IsEmpty && ((isUnused && channel.Deposits.IsEmpty) || (isEnded && not (isHeld channel)))

    /// Nothing that the final outcome gives us is left there. More may be: a stranger's deposit, which nobody ever gets out. By what the node has
    /// shown last, so this counts where it names the channel, and is no reason to let go of one by ourselves.
    let isPaidOut (channel: SignerChannel) =
        match channel.Sighting, SignerChannel.final channel with
        | ValueSome seen, ValueSome final when channel.Kind <> Payment && channel.Shares.IsEmpty ->
            Outcome.isPaidTo (SignerChannel.destination channel) seen.Holdings final.Outcome
        | _ -> false

    let private withoutIdle (channel: SignerChannel) (state: SignerState) =
        match channel.IdleSince with
        | ValueSome since -> { state with Idle = state.Idle.Remove(struct (since, channel.Id)) }
        | ValueNone -> state

    /// `channel`: one that `state` has, changed, or a new one.
    let put (channel: SignerChannel) (state: SignerState) : SignerState =
        let kept, marked =
            match mayGo channel, channel.IdleSince with
            | true, ValueNone ->
                let idle = { channel with IdleSince = ValueSome state.Clock }
                idle, { state with Idle = state.Idle.Add(struct (state.Clock, channel.Id)) }
            | false, ValueSome _ -> { channel with IdleSince = ValueNone }, withoutIdle channel state
            | true, ValueSome _
            | false, ValueNone -> channel, state

        { marked with
            Channels = marked.Channels.Add(channel.Id, kept)
            ChannelCount = if marked.Channels.ContainsKey channel.Id then marked.ChannelCount else marked.ChannelCount + 1 }

    let private remove (channel: SignerChannel) (state: SignerState) =
        let left = withoutIdle channel state

        { left with
            Channels = left.Channels.Remove channel.Id
            ChannelCount = left.ChannelCount - 1 }

    let retire (channel: SignerChannel) (state: SignerState) =
        let left = remove channel state
        { left with Retired = RetiredIds.add channel.Id left.Retired }

    /// The one that has rested longest, if it has rested long enough.
    let private rested (state: SignerState) =
        if state.Idle.IsEmpty then
            None
        else
            let struct (since, id) = state.Idle.MinimumElement
            if state.Clock - since >= restSeconds then state.Channels.TryFind id else None

    let hasRoom (limits: Limits) (state: SignerState) = state.ChannelCount < limits.Channels || (rested state).IsSome

    /// Before a channel comes: past half of the limit up to two go, so that room grows faster than it is used. Where nothing at all
    /// was signed there is nothing to bar either.
    let makeRoom (limits: Limits) (state: SignerState) =
        let go (state: SignerState) =
            match (if state.ChannelCount <= limits.Channels / 2 then None else rested state) with
            | Some channel when channel.Marks.Signed.IsEmpty -> remove channel state
            | Some channel -> retire channel state
            | None -> state

        state |> go |> go
