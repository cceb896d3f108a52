using System.Text.Json;
using Nitro.Storage;

namespace Nitro.Signer;

/// <summary>The nodes that this signer is paired with: <c>nodes.json</c> in its folder.</summary>
internal static class PairedNodes
{
    /// <exception cref="StorageException">The list cannot be read: no key is guessed.</exception>
    public static IReadOnlyList<PairedNode> Load(string path)
    {
        try
        {
            return OwnedFile.TryRead(path) is { } bytes ? JsonSerializer.Deserialize<List<PairedNode>>(bytes, JsonSerializerOptions.Web) ?? [] : [];
        }
        catch (JsonException e)
        {
            throw new StorageException($"The list of paired nodes {path} is damaged: {e.Message} Delete it and pair again.", e);
        }
    }

    /// <summary>Durable when it returns; another pairing with the same address is replaced.</summary>
    public static void Add(string path, PairedNode node)
    {
        var others = Load(path).Where(known => known.Address != node.Address);
        OwnedFile.Write("The list of paired nodes", path, JsonSerializer.SerializeToUtf8Bytes(others.Append(node), JsonSerializerOptions.Web));
    }
}
