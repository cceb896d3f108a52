using System.Text.Json;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>The cases of one file of golden vectors. An absent file has no cases, which is not a failure.</summary>
internal sealed class VectorFile
{
    /// <summary>Stands in the place of cases, since a theory without any would fail.</summary>
    public const string Absent = "file absent";

    private readonly Dictionary<string, JsonElement> _cases;

    public VectorFile(string name)
    {
        string path = Path.Combine(Repository.Vectors, "nitro", name);
        _cases = File.Exists(path)
            ? JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.GetProperty("vectors").EnumerateArray()
                .ToDictionary(item => item.GetProperty("id").GetString()!)
            : [];
    }

    public TheoryData<string> Ids => [.. _cases.Keys.DefaultIfEmpty(Absent)];

    public (JsonElement Input, JsonElement Expected)? Find(string id) =>
        _cases.TryGetValue(id, out JsonElement item) ? (item.GetProperty("input"), item.GetProperty("expected")) : null;
}
