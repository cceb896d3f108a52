namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// A payment accepted from a caller whose voucher is not signed yet.
type internal PendingPayment =
    { Request: RequestId
      Amount: Amount
      /// The channel's total once this payment is covered.
      Total: Amount
      Kind: PaymentKind }

/// What never changes of a payment channel's payments.
type internal PaymentAccount =
    { Role: PaymentRole
      Payer: Address
      /// What the payer can pay in all.
      Start: Amount }

/// The best voucher that a payee has seen.
type internal Received =
    { Total: Amount
      Signature: Signature voption }

/// One payment channel's vouchers, at either end. Each payment copies this once or twice: what it leaves alone stands in parts of its own.
type internal Payments =
    { Account: PaymentAccount
      /// Payer: issued and promised to callers.
      Reserved: Amount
      Pending: Map<int64, PendingPayment>
      NextPending: int64
      PendingCount: int
      HandedOutPending: int
      /// Payer: the largest voucher signed. `IssuedToTell`: the payee should get it from us.
      Issued: Amount
      IssuedSignature: Signature voption
      IssuedToTell: bool
      Received: Received }

    member this.Role = this.Account.Role
    member this.Payer = this.Account.Payer
    member this.Start = this.Account.Start
    /// Payee: the best voucher seen.
    member this.Best = this.Received.Total

/// Errors are the reference's texts (section 4).
module internal Payments =
    let nothing = { Total = Amount.zero; Signature = ValueNone }

    let register role payer start =
        { Account = { Role = role; Payer = payer; Start = start }
          Reserved = Amount.zero
          Pending = Map.empty
          NextPending = 0L
          PendingCount = 0
          HandedOutPending = 0
          Issued = Amount.zero
          IssuedSignature = ValueNone
          IssuedToTell = false
          Received = nothing }

    /// The total that a payment of `amount` would bring, or why it cannot be made.
    let checkPay (amount: Amount) (payments: Payments) : Result<Amount, string> =
        match Amount.tryAdd payments.Reserved amount with
        | ValueSome total when total <= payments.Start ->
            if payments.Role = Payer then Ok total else Error "can only sign vouchers if we're the payer"
        | _ -> Error "unable to pay amount: insufficient funds"

    /// What the voucher adds to the best one seen; zero for an old one, whose signature does not matter.
    let checkReceive (voucher: Voucher) (signer: Address voption) (payments: Payments) : Result<Amount, string> =
        if payments.Role <> Payee then Error "can only receive vouchers if we're the payee"
        elif voucher.Total > payments.Start then Error "channel has insufficient funds"
        elif voucher.Total <= payments.Best then Ok Amount.zero
        elif signer = ValueSome payments.Payer then Ok(Amount.lacking voucher.Total payments.Best)
        else
            let who = match signer with ValueSome address -> Text.checksum address | ValueNone -> "nobody"
            Error $"wrong signer: {who}, {Text.checksum payments.Payer}"

    let reserve request amount kind (payments: Payments) =
        let total = Amount.addSaturated payments.Reserved amount

        { payments with
            Reserved = total
            Pending = payments.Pending.Add(payments.NextPending, { Request = request; Amount = amount; Total = total; Kind = kind })
            NextPending = payments.NextPending + 1L
            PendingCount = payments.PendingCount + 1
            HandedOutPending = payments.HandedOutPending + (match kind with HandedOut -> 1 | Sent -> 0) }

    /// The total to sign next. Payments that we send ourselves are covered together; one that is handed out gets a voucher of its own.
    let next (payments: Payments) : Amount voption =
        if payments.Pending.IsEmpty then ValueNone
        elif payments.HandedOutPending = 0 then ValueSome payments.Reserved
        else
            let first = snd (Map.minKeyValue payments.Pending)

            match first.Kind with
            | HandedOut -> ValueSome first.Total
            | Sent ->
                payments.Pending.Values
                |> Seq.takeWhile (fun pending -> pending.Kind = Sent)
                |> Seq.last
                |> fun pending -> ValueSome pending.Total

    /// The payments that a voucher of this total covers, in order, and those it leaves.
    let private split total (payments: Payments) : struct (PendingPayment list * Map<int64, PendingPayment>) =
        let rec take (pending: Map<int64, PendingPayment>) found =
            if pending.IsEmpty then
                struct (List.rev found, pending)
            else
                let key, first = Map.minKeyValue pending
                if first.Total.Exceeds total then struct (List.rev found, pending) else take (pending.Remove key) (first :: found)

        take payments.Pending []

    /// The payments that a voucher of this total covers, in order.
    let covered total (payments: Payments) : PendingPayment list =
        let struct (covered, _) = split total payments
        covered

    /// What is pending stands on another total than before: `from`, and what is reserved with it.
    let private rebase from (pending: Map<int64, PendingPayment>) =
        pending
        |> Map.toList
        |> List.mapFold
            (fun total (key, pending) ->
                let next = Amount.addSaturated total pending.Amount
                (key, { pending with Total = next }), next)
            from

    /// The payments that the voucher covers, in order, and what stands afterwards.
    let issue total signature (payments: Payments) : struct (PendingPayment list * Payments) =
        let struct (done', left) = split total payments
        let isSent (pending: PendingPayment) = pending.Kind = Sent

        let issued =
            { payments with
                Issued = total
                IssuedSignature = ValueSome signature
                IssuedToTell = payments.IssuedToTell || List.exists isSent done'
                Pending = left
                PendingCount = payments.PendingCount - done'.Length
                HandedOutPending = payments.HandedOutPending - (done' |> List.filter (isSent >> not) |> List.length) }

        // Only of a voucher that was signed and forgotten is the total another than was promised to those who wait.
        let fits =
            if left.IsEmpty then payments.Reserved = total
            else (let first = snd (Map.minKeyValue left) in Amount.lacking first.Total first.Amount = total)

        if fits then
            struct (done', issued)
        else
            let rebased, reserved = rebase total left
            struct (done', { issued with Pending = Map.ofList rebased; Reserved = reserved })

    /// Takes one payment back; those behind it move down.
    let refuse request (payments: Payments) =
        let left = payments.Pending |> Map.filter (fun _ pending -> pending.Request <> request)

        let rebased, reserved = rebase payments.Issued left

        { payments with
            Pending = Map.ofList rebased
            Reserved = reserved
            PendingCount = rebased.Length
            HandedOutPending = rebased |> List.filter (fun (_, pending) -> pending.Kind = HandedOut) |> List.length }

    let receive total signature (payments: Payments) =
        if (total: Amount).Exceeds payments.Best then
            { payments with Received = { Total = total; Signature = ValueSome signature } }
        else
            payments

    /// The largest total that this end knows of.
    let total (payments: Payments) = Amount.max payments.Issued payments.Best
