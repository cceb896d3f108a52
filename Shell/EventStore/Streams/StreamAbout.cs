using System.Text.Json;

namespace Nitro.EventStore.Streams;

/// <summary>What a stream's metadata tell the server to keep of it.</summary>
/// <param name="IsTruncated">Events were hidden or deleted (<c>$tb</c>).</param>
/// <param name="Limit">A limit by which the server takes events away of itself, as it stands there; null where there is none.</param>
internal readonly record struct StreamAbout(bool IsTruncated, string? Limit)
{
    private static readonly string[] Limits = ["$maxCount", "$maxAge"];

    /// <summary>Reads the newest event of a stream <c>$$NAME</c>. What is no JSON object is nobody's wish: the server does not go by it either.</summary>
    internal static StreamAbout Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var about = JsonDocument.Parse(json);
            var root = about.RootElement;
            return root.ValueKind == JsonValueKind.Object
                ? new StreamAbout(root.TryGetProperty("$tb", out _), Limits.Select(name => Told(root, name)).FirstOrDefault(told => told is not null))
                : default;
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static string? Told(JsonElement root, string name) =>
        root.TryGetProperty(name, out var limit) && limit.ValueKind != JsonValueKind.Null ? $"{name} {limit.GetRawText()}" : null;
}
