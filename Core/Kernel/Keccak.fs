namespace Nitro.Kernel

#nowarn "9" // the state of the permutation lives on the stack

open System
open System.Buffers.Binary
open System.Numerics
open Microsoft.FSharp.NativeInterop

/// Keccak-256 with the original padding, as Ethereum uses it (SHA3-256 pads differently).
module internal Keccak =
    /// Bytes absorbed between two permutations.
    [<Literal>]
    let private Rate = 136

    let private constants =
        [| 0x0000000000000001UL; 0x0000000000008082UL; 0x800000000000808AUL; 0x8000000080008000UL
           0x000000000000808BUL; 0x0000000080000001UL; 0x8000000080008081UL; 0x8000000000008009UL
           0x000000000000008AUL; 0x0000000000000088UL; 0x0000000080008009UL; 0x000000008000000AUL
           0x000000008000808BUL; 0x800000000000008BUL; 0x8000000000008089UL; 0x8000000000008003UL
           0x8000000000008002UL; 0x8000000000000080UL; 0x000000000000800AUL; 0x800000008000000AUL
           0x8000000080008081UL; 0x8000000000008080UL; 0x0000000080000001UL; 0x8000000080008008UL |]

    let inline private rotate (lane: uint64) (by: int) = BitOperations.RotateLeft(lane, by)

    /// Two rounds per turn of the loop, from lanes `a` to lanes `e` and back, so nothing is copied in between.
    /// Lane x + 5y; `c` column parities, `d` what theta adds to a column, `b` one row after rho and pi.
    let private permute (s: nativeptr<uint64>) =
        let mutable a0 = NativePtr.get s 0
        let mutable a1 = NativePtr.get s 1
        let mutable a2 = NativePtr.get s 2
        let mutable a3 = NativePtr.get s 3
        let mutable a4 = NativePtr.get s 4
        let mutable a5 = NativePtr.get s 5
        let mutable a6 = NativePtr.get s 6
        let mutable a7 = NativePtr.get s 7
        let mutable a8 = NativePtr.get s 8
        let mutable a9 = NativePtr.get s 9
        let mutable a10 = NativePtr.get s 10
        let mutable a11 = NativePtr.get s 11
        let mutable a12 = NativePtr.get s 12
        let mutable a13 = NativePtr.get s 13
        let mutable a14 = NativePtr.get s 14
        let mutable a15 = NativePtr.get s 15
        let mutable a16 = NativePtr.get s 16
        let mutable a17 = NativePtr.get s 17
        let mutable a18 = NativePtr.get s 18
        let mutable a19 = NativePtr.get s 19
        let mutable a20 = NativePtr.get s 20
        let mutable a21 = NativePtr.get s 21
        let mutable a22 = NativePtr.get s 22
        let mutable a23 = NativePtr.get s 23
        let mutable a24 = NativePtr.get s 24
        let mutable e0 = 0UL
        let mutable e1 = 0UL
        let mutable e2 = 0UL
        let mutable e3 = 0UL
        let mutable e4 = 0UL
        let mutable e5 = 0UL
        let mutable e6 = 0UL
        let mutable e7 = 0UL
        let mutable e8 = 0UL
        let mutable e9 = 0UL
        let mutable e10 = 0UL
        let mutable e11 = 0UL
        let mutable e12 = 0UL
        let mutable e13 = 0UL
        let mutable e14 = 0UL
        let mutable e15 = 0UL
        let mutable e16 = 0UL
        let mutable e17 = 0UL
        let mutable e18 = 0UL
        let mutable e19 = 0UL
        let mutable e20 = 0UL
        let mutable e21 = 0UL
        let mutable e22 = 0UL
        let mutable e23 = 0UL
        let mutable e24 = 0UL
        let mutable round = 0

        while round < 24 do
            let c0 = a0 ^^^ a5 ^^^ a10 ^^^ a15 ^^^ a20
            let c1 = a1 ^^^ a6 ^^^ a11 ^^^ a16 ^^^ a21
            let c2 = a2 ^^^ a7 ^^^ a12 ^^^ a17 ^^^ a22
            let c3 = a3 ^^^ a8 ^^^ a13 ^^^ a18 ^^^ a23
            let c4 = a4 ^^^ a9 ^^^ a14 ^^^ a19 ^^^ a24
            let d0 = c4 ^^^ rotate c1 1
            let d1 = c0 ^^^ rotate c2 1
            let d2 = c1 ^^^ rotate c3 1
            let d3 = c2 ^^^ rotate c4 1
            let d4 = c3 ^^^ rotate c0 1
            let b0 = a0 ^^^ d0
            let b1 = rotate (a6 ^^^ d1) 44
            let b2 = rotate (a12 ^^^ d2) 43
            let b3 = rotate (a18 ^^^ d3) 21
            let b4 = rotate (a24 ^^^ d4) 14
            e0 <- b0 ^^^ (~~~b1 &&& b2) ^^^ constants[round]
            e1 <- b1 ^^^ (~~~b2 &&& b3)
            e2 <- b2 ^^^ (~~~b3 &&& b4)
            e3 <- b3 ^^^ (~~~b4 &&& b0)
            e4 <- b4 ^^^ (~~~b0 &&& b1)
            let b0 = rotate (a3 ^^^ d3) 28
            let b1 = rotate (a9 ^^^ d4) 20
            let b2 = rotate (a10 ^^^ d0) 3
            let b3 = rotate (a16 ^^^ d1) 45
            let b4 = rotate (a22 ^^^ d2) 61
            e5 <- b0 ^^^ (~~~b1 &&& b2)
            e6 <- b1 ^^^ (~~~b2 &&& b3)
            e7 <- b2 ^^^ (~~~b3 &&& b4)
            e8 <- b3 ^^^ (~~~b4 &&& b0)
            e9 <- b4 ^^^ (~~~b0 &&& b1)
            let b0 = rotate (a1 ^^^ d1) 1
            let b1 = rotate (a7 ^^^ d2) 6
            let b2 = rotate (a13 ^^^ d3) 25
            let b3 = rotate (a19 ^^^ d4) 8
            let b4 = rotate (a20 ^^^ d0) 18
            e10 <- b0 ^^^ (~~~b1 &&& b2)
            e11 <- b1 ^^^ (~~~b2 &&& b3)
            e12 <- b2 ^^^ (~~~b3 &&& b4)
            e13 <- b3 ^^^ (~~~b4 &&& b0)
            e14 <- b4 ^^^ (~~~b0 &&& b1)
            let b0 = rotate (a4 ^^^ d4) 27
            let b1 = rotate (a5 ^^^ d0) 36
            let b2 = rotate (a11 ^^^ d1) 10
            let b3 = rotate (a17 ^^^ d2) 15
            let b4 = rotate (a23 ^^^ d3) 56
            e15 <- b0 ^^^ (~~~b1 &&& b2)
            e16 <- b1 ^^^ (~~~b2 &&& b3)
            e17 <- b2 ^^^ (~~~b3 &&& b4)
            e18 <- b3 ^^^ (~~~b4 &&& b0)
            e19 <- b4 ^^^ (~~~b0 &&& b1)
            let b0 = rotate (a2 ^^^ d2) 62
            let b1 = rotate (a8 ^^^ d3) 55
            let b2 = rotate (a14 ^^^ d4) 39
            let b3 = rotate (a15 ^^^ d0) 41
            let b4 = rotate (a21 ^^^ d1) 2
            e20 <- b0 ^^^ (~~~b1 &&& b2)
            e21 <- b1 ^^^ (~~~b2 &&& b3)
            e22 <- b2 ^^^ (~~~b3 &&& b4)
            e23 <- b3 ^^^ (~~~b4 &&& b0)
            e24 <- b4 ^^^ (~~~b0 &&& b1)

            let c0 = e0 ^^^ e5 ^^^ e10 ^^^ e15 ^^^ e20
            let c1 = e1 ^^^ e6 ^^^ e11 ^^^ e16 ^^^ e21
            let c2 = e2 ^^^ e7 ^^^ e12 ^^^ e17 ^^^ e22
            let c3 = e3 ^^^ e8 ^^^ e13 ^^^ e18 ^^^ e23
            let c4 = e4 ^^^ e9 ^^^ e14 ^^^ e19 ^^^ e24
            let d0 = c4 ^^^ rotate c1 1
            let d1 = c0 ^^^ rotate c2 1
            let d2 = c1 ^^^ rotate c3 1
            let d3 = c2 ^^^ rotate c4 1
            let d4 = c3 ^^^ rotate c0 1
            let b0 = e0 ^^^ d0
            let b1 = rotate (e6 ^^^ d1) 44
            let b2 = rotate (e12 ^^^ d2) 43
            let b3 = rotate (e18 ^^^ d3) 21
            let b4 = rotate (e24 ^^^ d4) 14
            a0 <- b0 ^^^ (~~~b1 &&& b2) ^^^ constants[round + 1]
            a1 <- b1 ^^^ (~~~b2 &&& b3)
            a2 <- b2 ^^^ (~~~b3 &&& b4)
            a3 <- b3 ^^^ (~~~b4 &&& b0)
            a4 <- b4 ^^^ (~~~b0 &&& b1)
            let b0 = rotate (e3 ^^^ d3) 28
            let b1 = rotate (e9 ^^^ d4) 20
            let b2 = rotate (e10 ^^^ d0) 3
            let b3 = rotate (e16 ^^^ d1) 45
            let b4 = rotate (e22 ^^^ d2) 61
            a5 <- b0 ^^^ (~~~b1 &&& b2)
            a6 <- b1 ^^^ (~~~b2 &&& b3)
            a7 <- b2 ^^^ (~~~b3 &&& b4)
            a8 <- b3 ^^^ (~~~b4 &&& b0)
            a9 <- b4 ^^^ (~~~b0 &&& b1)
            let b0 = rotate (e1 ^^^ d1) 1
            let b1 = rotate (e7 ^^^ d2) 6
            let b2 = rotate (e13 ^^^ d3) 25
            let b3 = rotate (e19 ^^^ d4) 8
            let b4 = rotate (e20 ^^^ d0) 18
            a10 <- b0 ^^^ (~~~b1 &&& b2)
            a11 <- b1 ^^^ (~~~b2 &&& b3)
            a12 <- b2 ^^^ (~~~b3 &&& b4)
            a13 <- b3 ^^^ (~~~b4 &&& b0)
            a14 <- b4 ^^^ (~~~b0 &&& b1)
            let b0 = rotate (e4 ^^^ d4) 27
            let b1 = rotate (e5 ^^^ d0) 36
            let b2 = rotate (e11 ^^^ d1) 10
            let b3 = rotate (e17 ^^^ d2) 15
            let b4 = rotate (e23 ^^^ d3) 56
            a15 <- b0 ^^^ (~~~b1 &&& b2)
            a16 <- b1 ^^^ (~~~b2 &&& b3)
            a17 <- b2 ^^^ (~~~b3 &&& b4)
            a18 <- b3 ^^^ (~~~b4 &&& b0)
            a19 <- b4 ^^^ (~~~b0 &&& b1)
            let b0 = rotate (e2 ^^^ d2) 62
            let b1 = rotate (e8 ^^^ d3) 55
            let b2 = rotate (e14 ^^^ d4) 39
            let b3 = rotate (e15 ^^^ d0) 41
            let b4 = rotate (e21 ^^^ d1) 2
            a20 <- b0 ^^^ (~~~b1 &&& b2)
            a21 <- b1 ^^^ (~~~b2 &&& b3)
            a22 <- b2 ^^^ (~~~b3 &&& b4)
            a23 <- b3 ^^^ (~~~b4 &&& b0)
            a24 <- b4 ^^^ (~~~b0 &&& b1)
            round <- round + 2

        NativePtr.set s 0 a0
        NativePtr.set s 1 a1
        NativePtr.set s 2 a2
        NativePtr.set s 3 a3
        NativePtr.set s 4 a4
        NativePtr.set s 5 a5
        NativePtr.set s 6 a6
        NativePtr.set s 7 a7
        NativePtr.set s 8 a8
        NativePtr.set s 9 a9
        NativePtr.set s 10 a10
        NativePtr.set s 11 a11
        NativePtr.set s 12 a12
        NativePtr.set s 13 a13
        NativePtr.set s 14 a14
        NativePtr.set s 15 a15
        NativePtr.set s 16 a16
        NativePtr.set s 17 a17
        NativePtr.set s 18 a18
        NativePtr.set s 19 a19
        NativePtr.set s 20 a20
        NativePtr.set s 21 a21
        NativePtr.set s 22 a22
        NativePtr.set s 23 a23
        NativePtr.set s 24 a24

    let private absorb (state: nativeptr<uint64>) (block: ReadOnlySpan<byte>) =
        for lane in 0 .. Rate / 8 - 1 do
            NativePtr.set state lane (NativePtr.get state lane ^^^ BinaryPrimitives.ReadUInt64LittleEndian(block.Slice(8 * lane)))

        permute state

    let hashSpan (message: ReadOnlySpan<byte>) : Bytes32 =
        let state = NativePtr.stackalloc<uint64> 25
        let last = NativePtr.stackalloc<byte> Rate
        let lastBlock = Span<byte>(NativePtr.toVoidPtr last, Rate)
        Span<uint64>(NativePtr.toVoidPtr state, 25).Clear()
        let mutable rest = message

        while rest.Length >= Rate do
            absorb state rest
            rest <- rest.Slice Rate

        lastBlock.Clear()
        rest.CopyTo lastBlock
        lastBlock[rest.Length] <- 1uy
        lastBlock[Rate - 1] <- lastBlock[Rate - 1] ||| 0x80uy
        absorb state (Span<byte>.op_Implicit lastBlock)

        { A = BinaryPrimitives.ReverseEndianness(NativePtr.get state 0)
          B = BinaryPrimitives.ReverseEndianness(NativePtr.get state 1)
          C = BinaryPrimitives.ReverseEndianness(NativePtr.get state 2)
          D = BinaryPrimitives.ReverseEndianness(NativePtr.get state 3) }

    let hash (message: byte[]) : Bytes32 = hashSpan (ReadOnlySpan message)
