using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Math.EC;
using Org.BouncyCastle.Math.EC.Multiplier;

namespace Nitro.Secp256k1;

/// <summary>secp256k1 on Portable.BouncyCastle, for machines without libsecp256k1. Its timing depends on the key.</summary>
internal sealed class ManagedCurve : ICurve
{
    private static readonly X9ECParameters Parameters = CustomNamedCurves.GetByName("secp256k1");
    private static readonly BigInteger N = Parameters.N;
    private static readonly BigInteger HalfN = N.ShiftRight(1);

    public bool IsNative => false;

    public string Description =>
        "managed secp256k1 (Portable.BouncyCastle): slow and not constant-time; install libsecp256k1 (Debian: libsecp256k1-1)";

    public bool TrySign(ReadOnlySpan<byte> hash32, ReadOnlySpan<byte> privateKey32, Span<byte> signature65)
    {
        if (hash32.Length != 32 || signature65.Length != 65 || !Inputs.IsKey(privateKey32))
        {
            return Inputs.Refuse(signature65);
        }

        var digest = new byte[32];
        Order.Reduce(hash32, digest);
        var key = ToInteger(privateKey32);
        var nonces = new HMacDsaKCalculator(new Sha256Digest());
        nonces.Init(N, key, digest);
        var k = nonces.NextK();
        var point = new FixedPointCombMultiplier().Multiply(Parameters.G, k).Normalize();
        var x = point.AffineXCoord.ToBigInteger();
        var s = k.ModInverse(N).Multiply(new BigInteger(1, digest).Add(x.Multiply(key))).Mod(N);
        if (x.CompareTo(N) >= 0 || s.SignValue == 0)
        {
            return Inputs.Refuse(signature65); // One digest in 2^127: such a signature would need a v that nobody reads.
        }

        var odd = point.AffineYCoord.TestBitZero();
        if (s.CompareTo(HalfN) > 0)
        {
            s = N.Subtract(s);
            odd = !odd;
        }

        Write(x, signature65[..32]);
        Write(s, signature65[32..64]);
        signature65[64] = odd ? (byte)28 : (byte)27;
        return true;
    }

    public bool TryRecoverPublicKey(ReadOnlySpan<byte> hash32, ReadOnlySpan<byte> signature65, Span<byte> uncompressed65)
    {
        if (uncompressed65.Length != 65 || !Inputs.TryReadSignature(hash32, signature65, out var recoveryId))
        {
            return Inputs.Refuse(uncompressed65);
        }

        var r = ToInteger(signature65[..32]);
        var curve = Parameters.Curve;
        var x = curve.FromBigInteger(r);
        var y = x.Square().Multiply(x).Add(curve.B).Sqrt();
        if (y is null)
        {
            return Inputs.Refuse(uncompressed65);
        }

        var point = curve.CreatePoint(r, (y.TestBitZero() == (recoveryId == 1) ? y : y.Negate()).ToBigInteger());
        var inverse = r.ModInverse(N);
        var u1 = ToInteger(hash32).Negate().Multiply(inverse).Mod(N);
        var u2 = ToInteger(signature65[32..64]).Multiply(inverse).Mod(N);
        var key = ECAlgorithms.SumOfTwoMultiplies(Parameters.G, u1, point, u2);
        if (key.IsInfinity)
        {
            return Inputs.Refuse(uncompressed65);
        }

        key.Normalize().GetEncoded(compressed: false).CopyTo(uncompressed65);
        return true;
    }

    public bool TryGetPublicKey(ReadOnlySpan<byte> privateKey32, Span<byte> uncompressed65)
    {
        if (uncompressed65.Length != 65 || !Inputs.IsKey(privateKey32))
        {
            return Inputs.Refuse(uncompressed65);
        }

        var point = new FixedPointCombMultiplier().Multiply(Parameters.G, ToInteger(privateKey32)).Normalize();
        point.GetEncoded(compressed: false).CopyTo(uncompressed65);
        return true;
    }

    public bool TryVerify(ReadOnlySpan<byte> hash32, ReadOnlySpan<byte> signature64, ReadOnlySpan<byte> compressed33)
    {
        if (!Inputs.AreVerifiable(hash32, signature64, compressed33) || !TryReadPoint(compressed33, out var key))
        {
            return false;
        }

        var r = ToInteger(signature64[..32]);
        var inverse = ToInteger(signature64[32..]).ModInverse(N);
        var u1 = ToInteger(hash32).Multiply(inverse).Mod(N);
        var u2 = r.Multiply(inverse).Mod(N);
        var sum = ECAlgorithms.SumOfTwoMultiplies(Parameters.G, u1, key, u2);
        return !sum.IsInfinity && sum.Normalize().AffineXCoord.ToBigInteger().Mod(N).Equals(r);
    }

    public bool TryDecompress(ReadOnlySpan<byte> compressed33, Span<byte> uncompressed65)
    {
        if (uncompressed65.Length != 65 || !Inputs.IsCompressed(compressed33) || !TryReadPoint(compressed33, out var key))
        {
            return Inputs.Refuse(uncompressed65);
        }

        key.GetEncoded(compressed: false).CopyTo(uncompressed65);
        return true;
    }

    private static bool TryReadPoint(ReadOnlySpan<byte> compressed33, [NotNullWhen(true)] out Org.BouncyCastle.Math.EC.ECPoint? point)
    {
        point = null;
        var x = ToInteger(compressed33[1..]);
        if (x.CompareTo(Parameters.Curve.Field.Characteristic) >= 0)
        {
            return false;
        }

        var element = Parameters.Curve.FromBigInteger(x);
        var y = element.Square().Multiply(element).Add(Parameters.Curve.B).Sqrt();
        if (y is null)
        {
            return false;
        }

        point = Parameters.Curve.CreatePoint(x, (y.TestBitZero() == (compressed33[0] == 3) ? y : y.Negate()).ToBigInteger());
        return true;
    }

    private static BigInteger ToInteger(ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        var value = new BigInteger(1, copy);
        CryptographicOperations.ZeroMemory(copy); // The integer itself cannot be wiped.
        return value;
    }

    private static void Write(BigInteger value, Span<byte> bytes32)
    {
        var bytes = value.ToByteArrayUnsigned();
        bytes32.Clear();
        bytes.CopyTo(bytes32[(32 - bytes.Length)..]);
    }
}
