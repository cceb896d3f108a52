using System.Text.Json;
using Xunit;

namespace Nitro.Libp2p.Tests.Vectors;

/// <summary>The cases of one vector file.</summary>
internal static class VectorFile
{
    /// <summary>Runs a check on every case, and fails with the names of all that do not hold.</summary>
    public static void ForEach(string file, Action<JsonElement> check)
    {
        var failures = new List<string>();
        foreach (var vector in Cases(file))
        {
            try
            {
                check(vector);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                failures.Add($"{vector.Text("name")}: {e}");
            }
        }

        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    public static async Task ForEachAsync(string file, Func<JsonElement, Task> check)
    {
        foreach (var vector in Cases(file))
        {
            var failure = await Record.ExceptionAsync(() => check(vector));
            Assert.True(failure is null, $"{vector.Text("name")}: {failure}");
        }
    }

    public static IReadOnlyList<JsonElement> Cases(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Vectors, file + ".json")));
        var cases = document.RootElement.GetProperty("cases").EnumerateArray().Select(one => one.Clone()).ToArray();
        Assert.NotEmpty(cases);
        return cases;
    }

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static string? TextOrNull(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var found) ? found.GetString() : null;

    public static byte[] Bytes(this JsonElement element, string name) => Convert.FromHexString(element.Text(name));

    public static bool Has(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null;

    public static bool Flag(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.True;

    public static string[] Texts(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.Array
            ? [.. found.EnumerateArray().Select(one => one.GetString()!)]
            : [];
}
