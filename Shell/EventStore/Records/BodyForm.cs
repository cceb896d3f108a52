using System.Text.Json;

namespace Nitro.EventStore.Records;

/// <summary>
/// What a record's body shows of itself without knowing its type: whether it is a JSON object, which channel it concerns, and which
/// promise it answers. For readers of the store; nothing depends on it.
/// </summary>
internal readonly record struct BodyForm(bool IsJson, string? Channel, long? Effect)
{
    private const int LongestName = 128;

    internal static BodyForm Of(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty || body[0] != '{')
        {
            return default;
        }

        try
        {
            return Read(new Utf8JsonReader(body));
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static BodyForm Read(Utf8JsonReader reader)
    {
        string? channel = null, named = null;
        long? effect = null;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth > 2)
            {
                continue;
            }

            // At depth 2 only what an opened objective says of its goal.
            var isTop = reader.CurrentDepth == 1;
            if (reader.ValueTextEquals("channel"u8))
            {
                channel ??= Text(ref reader);
            }
            else if (isTop && reader.ValueTextEquals("id"u8))
            {
                named ??= Text(ref reader);
            }
            else if (isTop && reader.ValueTextEquals("objective"u8))
            {
                named ??= Text(ref reader) is { } objective ? objective[(objective.LastIndexOf('-') + 1)..] : null;
            }
            else if (isTop && reader.ValueTextEquals("effect"u8))
            {
                effect ??= reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : null;
            }
        }

        return new BodyForm(true, channel ?? named, effect);
    }

    private static string? Text(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length is > 0 and <= LongestName ? reader.GetString() : null;
}
