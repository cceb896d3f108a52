using System.Globalization;
using System.Text.Json;

namespace Nitro.Cli.Rpc;

/// <summary>A result as text: a word, a list of fields, or a table. Amounts, which the API gives in hexadecimal, become decimal,
/// and times, which it gives in seconds since 1970, dates.</summary>
internal static class ResultText
{
    private const long LastSecond = 253_402_300_799;
    private static readonly HashSet<string> HexAmounts = ["MyBalance", "TheirBalance", "PaidSoFar", "RemainingFunds"];

    /// <summary>Writes the result, or its JSON as it came.</summary>
    public static async Task WriteAsync(TextWriter output, ReadOnlyMemory<byte> result, bool asJson)
    {
        if (asJson)
        {
            await output.WriteLineAsync(System.Text.Encoding.UTF8.GetString(result.Span));
            return;
        }

        using var document = JsonDocument.Parse(result);
        foreach (var line in Lines(document.RootElement))
        {
            await output.WriteLineAsync(line);
        }
    }

    /// <summary>The lines of a result.</summary>
    public static IEnumerable<string> Lines(JsonElement result) => result.ValueKind switch
    {
        JsonValueKind.Array when result.GetArrayLength() == 0 => ["none"],
        JsonValueKind.Array when result[0].ValueKind == JsonValueKind.Object => Table([.. result.EnumerateArray().Select(Row)]),
        JsonValueKind.Array => result.EnumerateArray().Select(item => Text(string.Empty, item)),
        JsonValueKind.Object => Columns([.. Row(result).Select(field => new[] { field.Key, field.Value })]),
        _ => [Text(string.Empty, result)],
    };

    private static List<KeyValuePair<string, string>> Row(JsonElement item)
    {
        var row = new List<KeyValuePair<string, string>>();
        Flatten(row, string.Empty, item);
        return row;
    }

    private static void Flatten(List<KeyValuePair<string, string>> row, string prefix, JsonElement item)
    {
        foreach (var field in item.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.Object)
            {
                // The names inside a balance say enough by themselves.
                Flatten(row, field.Name == "Balance" ? string.Empty : $"{prefix}{field.Name}.", field.Value);
            }
            else
            {
                row.Add(new(prefix + field.Name, Text(field.Name, field.Value)));
            }
        }
    }

    private static string Text(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String when HexAmounts.Contains(name) && Amounts.TryHex(value.GetString(), out var amount) =>
            amount.ToString(CultureInfo.InvariantCulture),
        JsonValueKind.Number when name == "Since" && value.TryGetInt64(out var seconds) && seconds is >= 0 and <= LastSecond =>
            DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        JsonValueKind.String => Printable(value.GetString() ?? string.Empty),
        JsonValueKind.Null => "-",
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String or JsonValueKind.Number) =>
            string.Join(", ", value.EnumerateArray().Select(item => Text(string.Empty, item))),
        _ => value.GetRawText(),
    };

    /// <summary>Some texts come from peers: they must not drive the terminal.</summary>
    private static string Printable(string text) => string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character));

    private static IEnumerable<string> Table(IReadOnlyList<List<KeyValuePair<string, string>>> rows)
    {
        var names = rows.SelectMany(row => row.Select(field => field.Key)).Distinct().ToArray();
        var lines = new List<string[]> { names };
        foreach (var row in rows)
        {
            var fields = row.DistinctBy(field => field.Key).ToDictionary(field => field.Key, field => field.Value);
            lines.Add([.. names.Select(name => fields.GetValueOrDefault(name, "-"))]);
        }

        return Columns(lines);
    }

    private static IEnumerable<string> Columns(IReadOnlyList<string[]> lines)
    {
        if (lines.Count == 0)
        {
            return ["nothing"];
        }

        var widths = Enumerable.Range(0, lines[0].Length).Select(column => lines.Max(line => line[column].Length)).ToArray();
        return lines.Select(line => string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }
}
