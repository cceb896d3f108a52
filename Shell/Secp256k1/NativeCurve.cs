using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Nitro.Secp256k1;

/// <summary>secp256k1 by libsecp256k1: constant-time, tens of thousands of operations a second on one core.</summary>
internal sealed unsafe class NativeCurve : ICurve
{
    private const uint ContextSignAndVerify = 0x301; // What versions before 0.2 need; newer ones take it as "none".
    private const uint Uncompressed = 2;

    private readonly Libsecp256k1 library;

    // Lives as long as the process: it may be in use on any thread, and is only read after the constructor.
    private readonly void* context;

    private NativeCurve(Libsecp256k1 library, void* context)
    {
        this.library = library;
        this.context = context;
    }

    public bool IsNative => true;

    public string Description => $"libsecp256k1 ({library.Name})";

    internal static bool TryCreate([NotNullWhen(true)] out NativeCurve? curve)
    {
        curve = null;
        if (!Libsecp256k1.TryLoad(out var library))
        {
            return false;
        }

        var context = library.ContextCreate(ContextSignAndVerify);
        if (context is null)
        {
            return false;
        }

        library.SetIllegalCallback(context, Libsecp256k1.IllegalCallback, null);
        library.SetErrorCallback(context, Libsecp256k1.ErrorCallback, null);
        Span<byte> seed = stackalloc byte[32];
        RandomNumberGenerator.Fill(seed);
        int randomized;
        fixed (byte* bytes = seed)
        {
            randomized = library.ContextRandomize(context, bytes);
        }

        CryptographicOperations.ZeroMemory(seed);
        curve = randomized == 1 ? new NativeCurve(library, context) : null;
        return curve is not null;
    }

    public bool TrySign(ReadOnlySpan<byte> hash32, ReadOnlySpan<byte> privateKey32, Span<byte> signature65)
    {
        if (hash32.Length != 32 || signature65.Length != 65 || !Inputs.IsKey(privateKey32))
        {
            return Inputs.Refuse(signature65);
        }

        Span<byte> digest = stackalloc byte[32];
        Order.Reduce(hash32, digest);
        var recoverable = stackalloc byte[65];
        var recoveryId = 0;
        bool made;
        fixed (byte* hash = digest, key = privateKey32, output = signature65)
        {
            made = library.SignRecoverable(context, recoverable, hash, key, null, null) == 1
                && library.SerializeCompact(context, output, &recoveryId, recoverable) == 1;
        }

        Check();
        if (!made || recoveryId is not (0 or 1))
        {
            return Inputs.Refuse(signature65); // Ids 2 and 3 stand for one digest in 2^127, and for a v that nobody reads.
        }

        signature65[64] = (byte)(27 + recoveryId);
        return true;
    }

    public bool TryRecoverPublicKey(ReadOnlySpan<byte> hash32, ReadOnlySpan<byte> signature65, Span<byte> uncompressed65)
    {
        if (uncompressed65.Length != 65 || !Inputs.TryReadSignature(hash32, signature65, out var recoveryId))
        {
            return Inputs.Refuse(uncompressed65);
        }

        var recoverable = stackalloc byte[65];
        var publicKey = stackalloc byte[64];
        bool found;
        fixed (byte* hash = hash32, compact = signature65)
        {
            found = library.ParseCompact(context, recoverable, compact, recoveryId) == 1
                && library.Recover(context, publicKey, recoverable, hash) == 1
                && TrySerialize(publicKey, uncompressed65);
        }

        Check();
        return found || Inputs.Refuse(uncompressed65);
    }

    public bool TryGetPublicKey(ReadOnlySpan<byte> privateKey32, Span<byte> uncompressed65)
    {
        if (uncompressed65.Length != 65 || !Inputs.IsKey(privateKey32))
        {
            return Inputs.Refuse(uncompressed65);
        }

        var publicKey = stackalloc byte[64];
        bool made;
        fixed (byte* key = privateKey32)
        {
            made = library.PublicKeyCreate(context, publicKey, key) == 1 && TrySerialize(publicKey, uncompressed65);
        }

        Check();
        return made || Inputs.Refuse(uncompressed65);
    }

    public bool TryVerify(ReadOnlySpan<byte> hash32, ReadOnlySpan<byte> signature64, ReadOnlySpan<byte> compressed33)
    {
        if (!Inputs.AreVerifiable(hash32, signature64, compressed33))
        {
            return false;
        }

        var publicKey = stackalloc byte[64];
        var parsed = stackalloc byte[64];
        bool valid;
        fixed (byte* hash = hash32, signature = signature64, key = compressed33)
        {
            valid = library.PublicKeyParse(context, publicKey, key, 33) == 1 && library.ParsePlain(context, parsed, signature) == 1;
            if (valid)
            {
                library.Normalize(context, parsed, parsed); // The library verifies the lower half only.
                valid = library.Verify(context, parsed, hash, publicKey) == 1;
            }
        }

        Check();
        return valid;
    }

    public bool TryDecompress(ReadOnlySpan<byte> compressed33, Span<byte> uncompressed65)
    {
        if (uncompressed65.Length != 65 || !Inputs.IsCompressed(compressed33))
        {
            return Inputs.Refuse(uncompressed65);
        }

        var publicKey = stackalloc byte[64];
        bool made;
        fixed (byte* key = compressed33)
        {
            made = library.PublicKeyParse(context, publicKey, key, 33) == 1 && TrySerialize(publicKey, uncompressed65);
        }

        Check();
        return made || Inputs.Refuse(uncompressed65);
    }

    private bool TrySerialize(byte* publicKey, Span<byte> uncompressed65)
    {
        nuint length = 65;
        fixed (byte* output = uncompressed65)
        {
            return library.PublicKeySerialize(context, output, &length, publicKey, Uncompressed) == 1 && length == 65;
        }
    }

    private void Check()
    {
        if (Libsecp256k1.HasFailed)
        {
            throw new InvalidOperationException(
                $"{library.Name} failed an internal consistency check, so nothing it computes can be trusted. "
                + "Faulty memory is the likely cause: stop this node, test the machine, reinstall the library.");
        }
    }
}
