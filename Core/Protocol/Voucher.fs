namespace Nitro.Protocol

open Nitro.Kernel

/// A payer's promise: the total it has paid on a channel so far, never an increment.
[<Struct>]
type internal Voucher = { Channel: ChannelId; Total: Amount }
