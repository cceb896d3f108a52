namespace Nitro.Node

open Nitro.Kernel
open Known

/// What facts make of API requests and of the payments they ask for.
module internal RequestFolds =
    /// Without those that are too old, or too many.
    let rec private forgetOld (at: Instant) (requests: Table<RequestId, RequestRecord>) (order: Line<RequestId>) =
        let isOld oldest =
            Table.count requests > Pace.requestsRemembered
            || (match Table.tryFind oldest requests with
                | ValueSome record -> record.At.PlusSeconds Pace.requestSecondsRemembered < at
                | ValueNone -> true)

        match Line.tryFirst order with
        | ValueSome oldest when isOld oldest -> forgetOld at (Table.remove oldest requests) (Line.rest order)
        | _ -> struct (requests, order)

    let remember at request content result (state: NodeState) =
        let record =
            { Content = content
              At = at
              Result = result }

        let struct (requests, order) =
            forgetOld at (Table.add request record state.Requests) (Line.turn (Line.add request state.RequestOrder))

        if obj.ReferenceEquals(requests, state.Requests) && obj.ReferenceEquals(order, state.RequestOrder) then
            state
        else
            { state with
                Requests = requests
                RequestOrder = order }

    let refusePayment request channelId tag (state: NodeState) =
        { state with
            Requests = state.Requests |> Table.change request (fun r -> { r with Result = PaymentFailed(channelId, tag) }) }
        |> onChannel channelId (Channel.onPayments (Payments.refuse request))

    let issue channelId total signature (state: NodeState) =
        match channel channelId state with
        | ValueSome { Payments = ValueSome payments } ->
            let answer (requests: Table<RequestId, RequestRecord>) (pending: PendingPayment) =
                match Table.tryFind pending.Request requests with
                // As it was promised: so are most payments, and the table of requests is large.
                | ValueSome { Result = Payment(_, _, total, Sent, _) } when total = pending.Total -> requests
                | ValueSome record ->
                    let voucher = match pending.Kind with HandedOut -> ValueSome signature | Sent -> ValueNone
                    let result = Payment(channelId, pending.Amount, pending.Total, pending.Kind, voucher)
                    Table.add pending.Request { record with Result = result } requests
                | ValueNone -> requests

            let struct (covered, issued) = Payments.issue total signature payments
            let requests = List.fold answer state.Requests covered

            (if obj.ReferenceEquals(requests, state.Requests) then state else { state with Requests = requests })
            |> onChannel channelId (fun c -> { c with Payments = ValueSome issued })
        | _ -> state
