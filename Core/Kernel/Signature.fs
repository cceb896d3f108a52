namespace Nitro.Kernel

open System

/// r, s and v (27 or 28) of secp256k1; v is kept as given by a peer, so an odd one simply fails to recover. Large, and passed on
/// far more often than it is made: so no struct.
[<CustomEquality; NoComparison>]
type internal Signature =
    { R: Bytes32
      S: Bytes32
      V: byte }

    member this.Equals(other: Signature) = this.R.Equals other.R && this.S.Equals other.S && this.V = other.V
    override this.Equals(other: obj) = match other with :? Signature as o -> this.Equals o | _ -> false
    override this.GetHashCode() = this.R.GetHashCode()

    /// 65 bytes: r, s, v.
    member this.ToArray() : byte[] =
        let bytes = Array.zeroCreate<byte> 65
        this.R.CopyTo(Span bytes)
        this.S.CopyTo(Span(bytes, 32, 32))
        bytes[64] <- this.V
        bytes

    override this.ToString() = Hex.prefixed (this.ToArray())

module internal Signature =
    /// 65 bytes: r, s, v.
    let tryOfSpan (bytes: ReadOnlySpan<byte>) : Signature voption =
        if bytes.Length = 65 then
            ValueSome
                { R = Bytes32.ofSpan bytes
                  S = Bytes32.ofSpan (bytes.Slice 32)
                  V = bytes[64] }
        else
            ValueNone

/// Recovers the signer of a 32-byte digest, or nothing. Pure; injected, since the curve lives in the shell.
type internal Recover = delegate of digest: Bytes32 * signature: Signature -> Address voption

/// Proof that every signature inside was recovered and found to be a participant's. Only Inbound makes one.
type internal Verified<'T> = private { Inner: 'T } with
    member this.Value = this.Inner

module internal Verified =
    /// For Inbound alone; a test looks for other callers.
    let vouch inner : Verified<'T> = { Inner = inner }
