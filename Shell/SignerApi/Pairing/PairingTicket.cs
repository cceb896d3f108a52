using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nitro.Storage;

namespace Nitro.SignerApi;

/// <summary>
/// The one pairing that the operator has opened. Of its token the file holds the hash alone: who reads it cannot pair. It is read when
/// somebody pairs, so that it may be made beside a running node.
/// </summary>
/// <param name="TokenHash">SHA-256 of the token's characters, hexadecimal.</param>
/// <param name="Expires">Nobody pairs with it from then on.</param>
public sealed record PairingTicket(string TokenHash, DateTimeOffset Expires)
{
    private const int TokenBytes = 32;

    /// <summary>Opens a pairing, in place of an earlier one. The token, 64 hexadecimal digits.</summary>
    /// <exception cref="StorageException">The file cannot be written.</exception>
    public static string Issue(string path, TimeSpan lifetime)
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes));
        OwnedFile.Write("The pairing", path, JsonSerializer.SerializeToUtf8Bytes(new PairingTicket(Hash(token), DateTimeOffset.UtcNow + lifetime)));
        return token;
    }

    /// <summary>Takes the open pairing, if there is one and this is its token: it is closed then.</summary>
    internal static bool TryUse(string path, string token)
    {
        if (OwnedFile.TryRead(path) is not { } bytes || Read(bytes) is not { } ticket)
        {
            return false;
        }

        var isIt = CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Hash(token)), Encoding.ASCII.GetBytes(ticket.TokenHash));
        if (!isIt || ticket.Expires <= DateTimeOffset.UtcNow)
        {
            return false;
        }

        File.Delete(path);
        return true;
    }

    private static PairingTicket? Read(byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize<PairingTicket>(bytes);
        }
        catch (JsonException)
        {
            // As good as none: the operator opens another.
            return null;
        }
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
