namespace Nitro.Signer.Policy

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer

/// What a signed call of the owner approves: its method, channel and amount are under the device's signature, so asking for a second
/// signature under the same numbers would add nothing. The envelope's hash is the nonce: one call approves once, however often it is shown.
module internal CallApproval =
    let private field name payload =
        match Json.decode payload (Json.bytes32 name) with
        | Ok id when id <> Bytes32.zero -> ValueSome(ChannelId id)
        | _ -> ValueNone

    let private spend (assetOf: ChannelId -> Address voption) expires payload =
        match field "Channel" payload, Json.decode payload (Json.amount "Amount") with
        | ValueSome id, Ok amount when not amount.IsZero ->
            match assetOf id with
            | ValueSome asset -> ValueSome(Spend(id, asset, amount, expires))
            | ValueNone -> ValueNone
        | _ -> ValueNone

    /// `payload` was compared with the envelope's hash before. `assetOf`: of the channels that the signer knows. `seconds`: how long it is good.
    let tryOf assetOf (seconds: int64) (envelope: byte[]) (call: ApiCall) (payload: ReadOnlyMemory<byte>) : Approval voption =
        let issued = call.Time / 1000L

        let grant =
            match call.Method with
            | "pay"
            | "create_voucher" -> spend assetOf (issued + seconds) payload
            | "close_payment_channel"
            | "close_ledger_channel" -> field "ChannelId" payload |> ValueOption.map Close
            | _ -> ValueNone

        grant
        |> ValueOption.map (fun grant ->
            { Grant = grant
              Nonce = Keccak.hash envelope
              IssuedAt = issued })

    /// Powers under which a verified envelope attests the approval that follows from it, and nothing else.
    let lend (me: Address) (approval: Approval) (credential: Credential) (powers: Powers) : Powers =
        let message = Approval.encode me approval

        { powers with
            Attests =
                fun shown asked -> (shown = credential && asked.AsSpan().SequenceEqual(ReadOnlySpan message)) || powers.Attests shown asked }
