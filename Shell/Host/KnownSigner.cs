using System.Text.Json;
using Nitro.Host.Loop;
using Nitro.SignerApi;
using Nitro.Storage;

namespace Nitro.Host;

/// <summary>What a node without keys keeps of its signer: two public addresses, in <c>signer.json</c> of the tenant's folder.</summary>
internal static class KnownSigner
{
    /// <summary>Null before the first contact.</summary>
    /// <exception cref="TenantStoppedException">The file is there and cannot be read.</exception>
    public static SignerAddresses? Load(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var read = JsonSerializer.Deserialize<SignerAddresses>(File.ReadAllBytes(path), JsonSerializerOptions.Web);
            return SignerAddresses.TryRead(read?.Channel, read?.Chain) ?? throw Unusable(path, "it holds no two addresses");
        }
        catch (JsonException e)
        {
            throw Unusable(path, e.Message);
        }
    }

    /// <summary>Kept from here on. Whole or not at all.</summary>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public static void Store(string path, SignerAddresses addresses) =>
        OwnedFile.Write("The signer's addresses", path, JsonSerializer.SerializeToUtf8Bytes(addresses, JsonSerializerOptions.Web));

    private static TenantStoppedException Unusable(string path, string why) => new(
        $"The file {path} cannot be used: {why}. Remove it if the node was never used; the signer that attaches next then writes it anew. "
        + "Otherwise attach no signer but the node's own.");
}
