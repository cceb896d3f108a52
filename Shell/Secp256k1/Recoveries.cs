using System.Runtime.CompilerServices;

namespace Nitro.Secp256k1;

/// <summary>
/// Who signed what, remembered: a signature is shown to a signer again with each request that rests on it, and finding out takes longer
/// than all else that is done with it. Keeps the newest in a bounded space (some 130 bytes each). Safe from any thread.
/// </summary>
/// <param name="curve">Finds out.</param>
/// <param name="capacity">So many at least of the newest are kept, and at most twice as many.</param>
public sealed class Recoveries(ICurve curve, int capacity)
{
    private const int KeptByAll = 8_192;

    private readonly Lock gate = new();
    private Dictionary<Signed, Signer> newer = [];
    private Dictionary<Signed, Signer> older = [];
    private long computed;

    /// <summary>The whole process's, by its curve.</summary>
    public static Recoveries Shared { get; } = new(Curve.Default, KeptByAll);

    /// <summary>How many signatures were looked into, rather than remembered.</summary>
    public long Computed => Interlocked.Read(ref computed);

    /// <summary>As <see cref="ICurve.TryRecoverAddress"/>.</summary>
    /// <exception cref="InvalidOperationException">The library failed in itself, see <see cref="ICurve.IsNative"/>.</exception>
    public bool TryRecoverAddress(ReadOnlySpan<byte> hash32, ReadOnlySpan<byte> signature65, Span<byte> address20)
    {
        if (hash32.Length != Signed.HashSize || signature65.Length != Signed.Size - Signed.HashSize || address20.Length != Signer.Size)
        {
            return Inputs.Refuse(address20);
        }

        var signed = default(Signed);
        hash32.CopyTo(signed);
        signature65.CopyTo(signed[Signed.HashSize..]);
        lock (gate)
        {
            if (newer.TryGetValue(signed, out var known))
            {
                ((ReadOnlySpan<byte>)known).CopyTo(address20);
                return true;
            }

            if (older.TryGetValue(signed, out known))
            {
                ((ReadOnlySpan<byte>)known).CopyTo(address20);
                Keep(signed, known);
                return true;
            }
        }

        Interlocked.Increment(ref computed);
        if (!curve.TryRecoverAddress(hash32, signature65, address20))
        {
            return false;
        }

        var signer = default(Signer);
        address20.CopyTo(signer);
        lock (gate)
        {
            Keep(signed, signer);
        }

        return true;
    }

    private void Keep(Signed signed, Signer signer)
    {
        if (newer.Count == capacity && !newer.ContainsKey(signed))
        {
            (newer, older) = (older, newer);
            newer.Clear();
        }

        newer[signed] = signer;
    }

    /// <summary>A digest and its signature.</summary>
    [InlineArray(Size)]
    private struct Signed : IEquatable<Signed>
    {
        internal const int HashSize = 32;
        internal const int Size = HashSize + 65;
        private byte first;

        public readonly bool Equals(Signed other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

        public override readonly bool Equals(object? obj) => obj is Signed other && Equals(other);

        /// <summary>Seeded anew in each process: nobody can make signatures that fall together.</summary>
        public override readonly int GetHashCode()
        {
            var hash = default(HashCode);
            hash.AddBytes(this);
            return hash.ToHashCode();
        }
    }

    [InlineArray(Size)]
    private struct Signer
    {
        internal const int Size = 20;
        private byte first;
    }
}
