using System.Globalization;
using System.Security.Cryptography;

namespace Nitro.EventStore.Records;

/// <summary>
/// The names of a tenant's streams. A server's category is what stands before the first hyphen: <c>nitro</c> has journals alone.
/// </summary>
internal static class StreamNames
{
    private const int LongestOwner = 128;

    /// <summary>The journal.</summary>
    /// <exception cref="ArgumentException">The owner is empty, too long, or has other than ASCII letters and digits.</exception>
    internal static string Journal(string owner) =>
        owner.Length is > 0 and <= LongestOwner && owner.All(char.IsAsciiLetterOrDigit)
            ? $"nitro-{owner}"
            : throw new ArgumentException($"The owner of a journal is letters and digits, and not '{owner}'.", nameof(owner));

    /// <summary>The body of one record that is too large for an event. Kept as long as the journal.</summary>
    internal static string Body(string owner, long position, Guid content) => $"nitro_body-{owner}-{position}-{content:N}";

    /// <summary>All events of an append that is too large for one; needed only until it is whole.</summary>
    internal static string Rest(string owner, long position, ReadOnlySpan<byte> content) =>
        $"nitro_rest-{owner}-{position}-{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16))}";

    /// <summary>There as long as the journal is being filled with a copy.</summary>
    internal static string Filling(string owner) => $"nitro_filling-{owner}";

    /// <summary>The position at which the append begins whose events the stream has.</summary>
    /// <exception cref="FormatException">The name is not one of <see cref="Rest"/>.</exception>
    internal static long StartOf(string rest) => long.Parse(rest.Split('-') is [_, _, var position, _] ? position : rest, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Where a server keeps what it knows about a stream.</summary>
    internal static string AboutStream(string stream) => "$$" + stream;
}
