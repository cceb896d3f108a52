namespace Nitro.Core.Tests

open System
open Nitro.Kernel
open Nitro.Protocol

/// Random values of the protocol, the same for the same seed. Extremes come up often.
type internal Samples(seed: int) =
    let random = Random seed

    member _.Below(limit: int) = random.Next limit

    member _.Bytes(length: int) =
        let bytes = Array.zeroCreate<byte> length
        random.NextBytes bytes
        bytes

    member this.Bytes32() = Bytes32.ofSpan (ReadOnlySpan(this.Bytes 32))
    member this.Address() = if random.Next 4 = 0 then Address.zero else Address.ofSpan (ReadOnlySpan(this.Bytes 20))

    member this.Destination() : Destination =
        if random.Next 3 = 0 then this.Bytes32() else Destination.ofAddress (this.Address())

    member this.UInt64() =
        match random.Next 4 with
        | 0 -> 0UL
        | 1 -> UInt64.MaxValue
        | 2 -> uint64 (random.Next 1000)
        | _ -> BitConverter.ToUInt64(this.Bytes 8, 0)

    member this.Amount() =
        match random.Next 5 with
        | 0 -> Amount.zero
        | 1 -> Amount.addSaturated (Amount.ofSpan (ReadOnlySpan(Array.create 32 255uy))) Amount.zero
        | 2 -> Amount.ofSpan (ReadOnlySpan(this.Bytes 32))
        | _ -> Amount.ofUInt64 (this.UInt64())

    /// Lengths around whole words are where padding goes wrong.
    member this.Text() =
        this.Bytes(
            match random.Next 5 with
            | 0
            | 1 -> 0
            | 2 -> 32 * random.Next 4
            | 3 -> 31 + random.Next 3
            | _ -> random.Next 200
        )

    member this.Signature() : Signature =
        { R = this.Bytes32()
          S = this.Bytes32()
          V = byte (27 + random.Next 2) }

    member this.List(limit: int, make: unit -> 'T) = List.init (random.Next limit) (fun _ -> make ())

    member this.Allocation() : Allocation =
        { Destination = this.Destination()
          Amount = this.Amount()
          Type = byte (random.Next 4)
          Metadata = if random.Next 3 = 0 then Outcome.guaranteeMetadata (this.Bytes32()) (this.Bytes32()) else this.Text() }

    member this.Exit() : AssetExit =
        { Asset = this.Address()
          MetadataType = byte (random.Next 256)
          Metadata = this.Text()
          Allocations = this.List(7, this.Allocation) }

    member this.Outcome() : Outcome = this.List(5, this.Exit)

    member this.State() : State =
        { Fixed =
            { Participants = this.List(7, this.Address)
              Nonce = this.UInt64()
              App = this.Address()
              ChallengeDuration = uint32 (this.UInt64() &&& 0xFFFF_FFFFUL) }
          Variable =
            { Outcome = this.Outcome()
              AppData = this.Text()
              Turn = this.UInt64()
              IsFinal = random.Next 2 = 0 } }

    /// What an attacker does to bytes: flips, words of zeros, of ones and of small numbers, cuts, growth, splices.
    member this.Mutated(bytes: byte[]) =
        let copy = Array.copy bytes

        let overwrite (piece: byte[]) =
            if copy.Length >= piece.Length then
                let words = (copy.Length - piece.Length) / 32 + 1
                Array.blit piece 0 copy (32 * random.Next words) piece.Length

            copy

        match random.Next 8 with
        | _ when bytes.Length = 0 -> this.Bytes(random.Next 100)
        | 0 ->
            let at = random.Next copy.Length
            copy[at] <- copy[at] ^^^ (1uy <<< random.Next 8)
            copy
        | 1 -> overwrite (Array.zeroCreate 32)
        | 2 -> overwrite (Array.create 32 255uy)
        | 3 -> overwrite (Bytes32.ofUInt64(32UL * uint64 (random.Next 40)).ToArray())
        | 4 -> overwrite (Bytes32.ofUInt64(this.UInt64()).ToArray())
        | 5 -> Array.truncate (random.Next copy.Length) copy
        | 6 -> Array.append copy (this.Bytes(random.Next 64))
        | _ -> Array.append (Array.truncate (random.Next copy.Length) copy) (Array.skip (random.Next copy.Length) copy)
