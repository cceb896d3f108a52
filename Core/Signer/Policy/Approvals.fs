namespace Nitro.Signer.Policy

open System
open Nitro.Kernel

/// An owner's approval, as the host hands it on.
type internal ApprovalCase =
    { Asked: Asked
      Approval: Approval
      Credential: Credential
      /// The bytes that the device signed, and their hash.
      Message: byte[]
      Content: Bytes32
      Channel: SignerChannel voption }

/// Rules 35 and 36.
module internal Approvals =
    /// How far a device's clock may be ahead of the signer's, in seconds.
    let private skew = 60L

    /// Approvals whose window has passed cannot be replayed, so they need not be remembered.
    let private remembered (case: ApprovalCase) =
        case.Asked.State.Approvals |> Map.filter (fun _ (struct (_, until)) -> until >= case.Asked.Now)

    /// 4: single use, so the same approval again adds nothing.
    let private usedBefore (case: ApprovalCase) =
        match case.Asked.State.Approvals.TryFind case.Approval.Nonce with
        | Some(struct (content, _)) when content = case.Content -> Repeated
        | Some _
        | None -> Pass

    /// 36: a device we know, its own signature, lately, under a nonce not seen.
    let private isFresh (case: ApprovalCase) =
        let asked = case.Asked
        let issued = case.Approval.IssuedAt

        Rule.require (
            issued <= asked.Now + skew
            && issued >= asked.Now - asked.Config.ApprovalSeconds
            && not (asked.State.Approvals.ContainsKey case.Approval.Nonce)
            && asked.Config.Approvers.Contains(Hex.ofBytes (ReadOnlySpan case.Credential.Key))
            && asked.Powers.Attests case.Credential case.Message
        )

    /// 35: money is approved for listed payees only.
    let private isListed (case: ApprovalCase) =
        match case.Approval.Grant, case.Asked.Config.Payees, case.Channel with
        | Spend _, ValueSome payees, ValueSome channel ->
            let others = SignerChannel.others channel |> List.map (fun party -> channel.Fixed.Participants[party])
            let paid = if channel.Kind = Payment then [ List.last channel.Fixed.Participants ] else others
            Rule.require (List.forall payees.Contains paid)
        | (Spend _ | Close _), _, _ -> Pass

    /// 38.
    let private hasRoom (case: ApprovalCase) =
        let limits = case.Asked.Config.Limits
        let allowances = match case.Channel with ValueSome channel -> channel.Allowances.Length | ValueNone -> 0
        Rule.await ((remembered case).Count < limits.Approvals && allowances < limits.Approvals)

    let rules: Rule<ApprovalCase> list =
        [ { Tag = Tags.channelKnown; Check = fun case -> Rule.require case.Channel.IsSome }
          { Tag = Tags.idempotentResign; Check = usedBefore }
          { Tag = Tags.stateAnchored; Check = fun case -> Rule.anchored case.Asked }
          { Tag = Tags.payeeAllowlist; Check = isListed }
          { Tag = Tags.approvalFresh; Check = isFresh }
          { Tag = Tags.counts; Check = hasRoom } ]

    let private granted (case: ApprovalCase) (channel: SignerChannel) =
        match case.Approval.Grant with
        | Close _ -> { channel with CloseApproved = true }
        | Spend(_, asset, amount, expires) ->
            let live = channel.Allowances |> List.filter (fun allowance -> allowance.Expires > case.Asked.Now)

            { channel with
                Allowances =
                    { Asset = asset
                      Amount = amount
                      Expires = max 0L expires }
                    :: live }

    let accept (case: ApprovalCase) : SignerState =
        let until = case.Approval.IssuedAt + case.Asked.Config.ApprovalSeconds

        let noted =
            { case.Asked.State with
                Approvals = (remembered case).Add(case.Approval.Nonce, struct (case.Content, until)) }

        match case.Channel with
        | ValueSome channel -> Memory.put (granted case channel) noted
        | ValueNone -> noted
