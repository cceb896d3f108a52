using System.Security.Cryptography;
using System.Text.Json;
using Nitro.Storage;

namespace Nitro.Host.Loop;

/// <summary>What a node once saw durable in its journal: <c>{"owner":"0x...","position":418,"digest":"..."}</c>.</summary>
/// <param name="Owner">The channel address.</param>
/// <param name="Position">The position after the record; above 0.</param>
/// <param name="Digest">Of that record, <see cref="Snapshot.DigestOf"/>, in hexadecimal digits.</param>
internal sealed record WitnessFile(string Owner, long Position, string Digest)
{
    /// <summary>Not forced to the disk: one that is lost or spoilt by a loss of power is as good as none.</summary>
    /// <exception cref="IOException">It cannot be written; so is <see cref="UnauthorizedAccessException"/>. The old one is as it was.</exception>
    internal void Write(string path)
    {
        var draft = path + ".new";
        using (var file = OwnerOnly.ReplaceFile(draft))
        {
            file.Write(JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web));
        }

        File.Move(draft, path, overwrite: true);
    }

    /// <summary>That file; null where it is not there, is another owner's, or cannot be read.</summary>
    internal static WitnessFile? TryRead(string path, string owner)
    {
        try
        {
            return OwnedFile.TryRead(path) is { } bytes
                && JsonSerializer.Deserialize<WitnessFile>(bytes, JsonSerializerOptions.Web) is { Position: > 0, Digest.Length: 2 * SHA256.HashSizeInBytes } read
                && read.Owner == owner && read.Digest.All(char.IsAsciiHexDigit)
                    ? read
                    : null;
        }
        catch (Exception e) when (e is JsonException or StorageException)
        {
            return null; // As good as none.
        }
    }
}
