namespace Nitro.Libp2p.Kademlia;

/// <summary>Says which records of one namespace may be stored, and which of several counts.</summary>
public interface IRecordValidator
{
    /// <summary>The first part of a key: <c>scaddr</c> for <c>/scaddr/…</c>.</summary>
    string Namespace { get; }

    /// <summary>Whether the value may be stored under the key. Never throws.</summary>
    bool IsValid(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, DateTimeOffset now);

    /// <summary>The index of the value that counts, the first of equals; -1 where one cannot be read.</summary>
    int Select(IReadOnlyList<ReadOnlyMemory<byte>> values);
}
