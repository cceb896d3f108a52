using System.Text;
using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>What every journal demands of an append before it looks at its head.</summary>
public static class AppendRules
{
    /// <summary>With so many records an append is large enough: what can be divided goes on in another one.</summary>
    public const int EnoughRecords = 512;

    /// <summary>The same for its bytes: the sum over its records of the body and of the type in UTF-8.</summary>
    public const int EnoughBytes = 1024 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Copies an append, and counts its bytes.</summary>
    /// <exception cref="ArgumentException">The append is empty, its position negative, or a type is empty or not Unicode.</exception>
    internal static JournalEntry[] Copy(long expected, IReadOnlyList<JournalEntry> entries, out long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expected);
        ArgumentNullException.ThrowIfNull(entries);
        bytes = 0;
        if (entries.Count == 0)
        {
            throw new ArgumentException("An append holds at least one record.", nameof(entries));
        }

        var copy = new JournalEntry[entries.Count];
        for (var i = 0; i < copy.Length; i++)
        {
            copy[i] = entries[i];
            bytes += copy[i].Body.Length + TypeLength(copy[i].Type, i);
        }

        return copy;
    }

    /// <summary>Whether a stored record is what a repeated append says it is.</summary>
    internal static bool IsSame(in JournalRecord stored, in JournalEntry entry) =>
        stored.AtMicros == entry.AtMicros
        && stored.Version == entry.Version
        && string.Equals(stored.Type, entry.Type, StringComparison.Ordinal)
        && stored.Body.Span.SequenceEqual(entry.Body.Span);

    private static int TypeLength(string type, int index)
    {
        if (string.IsNullOrEmpty(type))
        {
            throw new ArgumentException($"Record {index} of the append has no type.", nameof(type));
        }

        try
        {
            return StrictUtf8.GetByteCount(type);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"The type of record {index} of the append is not valid Unicode.", nameof(type), e);
        }
    }
}
