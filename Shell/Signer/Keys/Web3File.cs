using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nitro.Signing;

namespace Nitro.Signer.Keys;

/// <summary>
/// A key file in the form of Web3 secret storage, version 3, as other tools of the field read and write it. <c>Checksum</c> is ours, and
/// others pass over it: SHA-256 of the file without it, by which a damaged file is told from a wrong passphrase.
/// </summary>
internal sealed record Web3File(Web3Cipher Crypto, int Version, string? Id = null, string? Address = null, string? Checksum = null)
{
    private static readonly JsonSerializerOptions Form = new()
    {
        PropertyNamingPolicy = new Lowercase(), DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true, PropertyNameCaseInsensitive = true,
    };

    /// <summary>The bytes on disk.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this with { Checksum = OwnChecksum() }, Form);

    /// <summary>Reads and checks the form; the passphrase is not needed.</summary>
    /// <exception cref="KeyFileException">Damaged, or another file.</exception>
    public static Web3File Read(ReadOnlySpan<byte> bytes, string path)
    {
        Web3File? file;
        try
        {
            file = JsonSerializer.Deserialize<Web3File>(bytes, Form);
        }
        catch (JsonException e)
        {
            throw Damaged(path, $"it is no JSON of a key ({e.Path ?? "the whole"})", e);
        }

        if (file is null || file.Version != 3)
        {
            throw Damaged(path, $"its version is {file?.Version ?? 0}, and 3 is understood here");
        }

        return file.Checksum is null || file.Checksum == file.OwnChecksum() ? file : throw Damaged(path, "its checksum is wrong");
    }

    internal static KeyFileException Damaged(string path, string what, Exception? inner = null) =>
        new($"The key file {path} is damaged: {what}. Restore it from a backup, or delete the folder of keys and run 'nitro-signer keys restore' with the words.", inner);

    private string OwnChecksum() => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this with { Checksum = null }, Form)));

    private sealed class Lowercase : JsonNamingPolicy
    {
        public override string ConvertName(string name) => name.ToLowerInvariant();
    }
}
