namespace Nitro.Simulation

open System

/// The only source of chance: SplitMix64 in, xoshiro256** out, so that a seed gives the same numbers on every version of .NET.
[<Sealed>]
type internal Prng(seed: uint64) =
    let mutable mix = seed

    let expand () =
        mix <- mix + 0x9E3779B97F4A7C15UL
        let a = (mix ^^^ (mix >>> 30)) * 0xBF58476D1CE4E5B9UL
        let b = (a ^^^ (a >>> 27)) * 0x94D049BB133111EBUL
        b ^^^ (b >>> 31)

    let mutable s0 = expand ()
    let mutable s1 = expand ()
    let mutable s2 = expand ()
    let mutable s3 = expand ()

    member _.Next64() : uint64 =
        let result = Numerics.BitOperations.RotateLeft(s1 * 5UL, 7) * 9UL
        let t = s1 <<< 17
        s2 <- s2 ^^^ s0
        s3 <- s3 ^^^ s1
        s1 <- s1 ^^^ s2
        s0 <- s0 ^^^ s3
        s2 <- s2 ^^^ t
        s3 <- Numerics.BitOperations.RotateLeft(s3, 45)
        result

    /// 0 to below - 1; 0 where `below` is less than 2.
    member this.Next(below: int) : int =
        if below < 2 then 0 else int ((uint64 (uint32 (this.Next64() >>> 32)) * uint64 below) >>> 32)

    /// Both ends included.
    member this.Between(least: int, most: int) = least + this.Next(most - least + 1)
    member this.Chance(permille: int) = permille > 0 && this.Next 1_000 < permille
    member this.Pick(items: 'T[]) : 'T = items[this.Next items.Length]

    /// An index, by weight; there must be a positive one.
    member this.Weighted(weights: int[]) : int =
        let mutable left = this.Next(Array.sum weights)
        let mutable index = 0

        while left >= weights[index] do
            left <- left - weights[index]
            index <- index + 1

        index

    /// Another stream, decided by this one.
    member this.Fork() = Prng(this.Next64())
