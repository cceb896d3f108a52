namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Protocol

/// A record that says where the node with our channel key is found.
type internal AddressRecordCase =
    { Asked: Asked
      PublicKey: byte[]
      /// Seconds since 1970.
      Time: int64 }

/// What the network identity signs. No money hangs on it, and nothing is remembered of it.
module internal Identities =
    /// Clocks differ.
    let private tolerance = 600L

    /// Of our own key only: the record names the host that goes with it.
    let private isOurs (case: AddressRecordCase) = Rule.require (NetworkIdentity.addressOf case.PublicKey = ValueSome case.Asked.Config.Me)

    /// In the hash table the newest record counts: one from the future would hide all that follow.
    let private isNow (case: AddressRecordCase) = Rule.await (case.Time <= case.Asked.Now + tolerance)

    let records: Rule<AddressRecordCase> list =
        [ { Tag = Tags.recordOwn; Check = isOurs }
          { Tag = Tags.recordTime; Check = isNow } ]
