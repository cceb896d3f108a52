using System.Collections.Frozen;

namespace Nitro.Grpc.Wire;

/// <summary>How metadata is written in HTTP headers.</summary>
internal static class MetadataText
{
    private const string RichStatus = "grpc-status-details-bin";

    private static readonly FrozenSet<string> OfHttp = new[]
    {
        "accept", "accept-encoding", "allow", "connection", "date", "expect", "expires", "host", "keep-alive", "last-modified",
        "proxy-connection", "server", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>HTTP's own or gRPC's own: not for the application. The rich status is, though its name looks otherwise.</summary>
    public static bool IsReserved(string name) =>
        name.StartsWith(':') || OfHttp.Contains(name) || name.StartsWith("content-", StringComparison.Ordinal)
        || (name.StartsWith("grpc-", StringComparison.Ordinal) && name != RichStatus);

    public static bool IsBinary(string name) => name.EndsWith("-bin", StringComparison.Ordinal);

    /// <summary>The name in lower case.</summary>
    public static string CheckName(string key)
    {
        string name = key.ToLowerInvariant();
        if (name.Length == 0 || !name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.'))
        {
            throw new ArgumentException($"'{key}' is no name for metadata: letters, digits, '-', '_' and '.' are.", nameof(key));
        }

        return IsReserved(name)
            ? throw new ArgumentException($"The name '{key}' belongs to HTTP or gRPC; choose another.", nameof(key))
            : name;
    }

    /// <summary>Without padding, as the specification asks of those who write.</summary>
    public static string ToBase64(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    /// <summary>With or without padding, as the specification asks of those who read; null where it is no base64.</summary>
    public static byte[]? FromBase64(string text)
    {
        string bare = text.TrimEnd('=');
        string padded = bare.PadRight((bare.Length + 3) / 4 * 4, '=');
        byte[] bytes = new byte[padded.Length / 4 * 3];
        return Convert.TryFromBase64String(padded, bytes, out int length) ? bytes[..length] : null;
    }
}
