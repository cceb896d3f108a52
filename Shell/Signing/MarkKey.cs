namespace Nitro.Signing;

/// <summary>Compares the keys of marks by their bytes.</summary>
internal sealed class MarkKey : IEqualityComparer<ReadOnlyMemory<byte>>
{
    internal static readonly MarkKey Comparer = new();

    public bool Equals(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceEqual(y.Span);

    public int GetHashCode(ReadOnlyMemory<byte> key)
    {
        var hash = default(HashCode);
        hash.AddBytes(key.Span);
        return hash.ToHashCode();
    }
}
