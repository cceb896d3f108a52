namespace Nitro.Node

open Nitro.Kernel
open Known

/// What facts make of API requests and of the payments they ask for.
module internal RequestFolds =
    let private forgetOldRequests (at: Instant) (state: NodeState) =
        let rec forget (state: NodeState) =
            match Line.tryTake state.RequestOrder with
            | ValueNone -> state
            | ValueSome(struct (oldest, others)) ->
                let isOld =
                    Table.count state.Requests > Pace.requestsRemembered
                    || (match Table.tryFind oldest state.Requests with
                        | ValueSome record -> record.At.PlusSeconds Pace.requestSecondsRemembered < at
                        | ValueNone -> true)

                if isOld then
                    forget
                        { state with
                            RequestOrder = others
                            Requests = Table.remove oldest state.Requests }
                else
                    state

        forget state

    let remember at request content result (state: NodeState) =
        forgetOldRequests
            at
            { state with
                Requests =
                    Table.add
                        request
                        { Content = content
                          At = at
                          Result = result }
                        state.Requests
                RequestOrder = Line.settle (Line.add request state.RequestOrder) }

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

            { state with
                Requests = Payments.covered total payments |> List.fold answer state.Requests }
            |> onChannel channelId (Channel.onPayments (Payments.issue total signature))
        | _ -> state
