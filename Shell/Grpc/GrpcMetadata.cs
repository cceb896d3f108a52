using System.Collections;
using Nitro.Grpc.Wire;

namespace Nitro.Grpc;

/// <summary>
/// What a call carries besides its messages: names with values, in order, a name as often as one likes;
/// the way may join texts of one name with commas, as HTTP allows. Names are letters, digits and
/// <c>_ - .</c>, without regard to case; those of HTTP and of gRPC itself are refused.
/// </summary>
public sealed class GrpcMetadata : IReadOnlyCollection<GrpcMetadataEntry>
{
    private readonly List<GrpcMetadataEntry> _entries = [];

    /// <summary>How many entries there are.</summary>
    public int Count => _entries.Count;

    /// <summary>Adds text: printable ASCII, without a space at either end.</summary>
    /// <exception cref="ArgumentException">A name that is none or is reserved, one that ends in <c>-bin</c>, another value.</exception>
    public void Add(string key, string value)
    {
        string name = MetadataText.CheckName(key);
        if (MetadataText.IsBinary(name))
        {
            throw new ArgumentException($"The metadata {name} ends in -bin, so its value is bytes.", nameof(key));
        }

        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~') || value.StartsWith(' ') || value.EndsWith(' '))
        {
            throw new ArgumentException(
                $"The metadata {name} has a value other than printable ASCII, or a space at an end; end its name in -bin and give bytes.",
                nameof(value));
        }

        _entries.Add(new GrpcMetadataEntry(name, value, null));
    }

    /// <summary>Adds bytes, under a name that ends in <c>-bin</c>.</summary>
    /// <exception cref="ArgumentException">A name that is none, is reserved, or does not end in <c>-bin</c>.</exception>
    public void Add(string key, ReadOnlySpan<byte> value)
    {
        string name = MetadataText.CheckName(key);
        if (!MetadataText.IsBinary(name))
        {
            throw new ArgumentException($"The metadata {name} has bytes for a value, so its name must end in -bin.", nameof(key));
        }

        _entries.Add(new GrpcMetadataEntry(name, MetadataText.ToBase64(value), value.ToArray()));
    }

    /// <summary>The last entry of that name, or null.</summary>
    public GrpcMetadataEntry? Find(string key) =>
        _entries.FindLast(entry => entry.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>All, in order.</summary>
    public IEnumerator<GrpcMetadataEntry> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Takes in a header as it was received. False: a binary value that is not base64.</summary>
    internal bool TryTake(string key, string value)
    {
        string name = key.ToLowerInvariant();
        if (MetadataText.IsReserved(name))
        {
            return true;
        }

        if (!MetadataText.IsBinary(name))
        {
            _entries.Add(new GrpcMetadataEntry(name, value, null));
            return true;
        }

        foreach (string part in value.Split(',', StringSplitOptions.TrimEntries)) // equal names may arrive joined
        {
            if (MetadataText.FromBase64(part) is not { } bytes)
            {
                return false;
            }

            _entries.Add(new GrpcMetadataEntry(name, MetadataText.ToBase64(bytes), bytes));
        }

        return true;
    }
}
