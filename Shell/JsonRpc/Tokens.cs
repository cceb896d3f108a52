using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Nitro.JsonRpc;

/// <summary>
/// Issues and checks the API's tokens: JWTs signed with HMAC under one key per installation, good for seven days, carrying the
/// permissions <c>read</c> and <c>sign</c>. Clients treat them as opaque.
/// </summary>
public sealed class Tokens
{
    private const int MaxTokenLength = 8192;
    private const int MostRemembered = 256;
    private static readonly byte[] GoNitroKey = "rpcPK"u8.ToArray();
    private static readonly string IssuedHeader = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);

    private readonly byte[] _key;
    private readonly TimeProvider _clock;

    // A signature once found good stays good: only the times are looked at again.
    private readonly ConcurrentDictionary<string, TokenClaims> _genuine = new(StringComparer.Ordinal);

    private Tokens(byte[] key, TimeProvider? clock)
    {
        _key = key;
        _clock = clock ?? TimeProvider.System;
    }

    /// <summary>True for go-nitro's published key, with which every local process can make tokens.</summary>
    public bool KeyIsPublic => _key.AsSpan().SequenceEqual(GoNitroKey);

    /// <summary>Under the key of a file, made on first use; see <see cref="TokenKeyFile"/> for its rules.</summary>
    /// <exception cref="RpcSetupException">The file is unreadable, malformed or open to others.</exception>
    public static Tokens FromKeyFile(string path, TimeProvider? clock = null) => new(TokenKeyFile.LoadOrCreate(path), clock);

    /// <summary>Under a key held in memory: 32 bytes or more.</summary>
    public static Tokens FromKey(ReadOnlySpan<byte> key, TimeProvider? clock = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(key.Length, TokenKeyFile.KeyBytes, nameof(key));
        return new Tokens(key.ToArray(), clock);
    }

    /// <summary>Under go-nitro's published key; the server takes it in <see cref="RpcOptions.GoNitro"/> mode only.</summary>
    public static Tokens GoNitro(TimeProvider? clock = null) => new(GoNitroKey, clock);

    /// <summary>A token with all permissions, issued now. <paramref name="subject"/>: the client's name for itself, may be empty.</summary>
    public string Issue(string subject)
    {
        var claims = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(claims))
        {
            writer.WriteStartObject();
            writer.WriteNumber("iat"u8, _clock.GetUtcNow().ToUnixTimeSeconds());
            writer.WriteStartArray("perm"u8);
            writer.WriteStringValue("read"u8);
            writer.WriteStringValue("sign"u8);
            writer.WriteEndArray();
            writer.WriteString("sub"u8, subject);
            writer.WriteEndObject();
        }

        string signed = $"{IssuedHeader}.{Base64Url.EncodeToString(claims.WrittenSpan)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>Whether the token grants the permission now. <c>none</c> is granted without looking at the token.</summary>
    public bool Allows(string token, string permission)
    {
        if (permission == "none")
        {
            return true;
        }

        if (!_genuine.TryGetValue(token, out TokenClaims? claims))
        {
            claims = Verify(token);
            if (claims is null)
            {
                return false;
            }

            // Who can make more than these has the key; a client uses one.
            if (_genuine.Count >= MostRemembered)
            {
                _genuine.Clear();
            }

            _genuine[token] = claims;
        }

        return claims.Grants(permission, _clock.GetUtcNow().ToUnixTimeSeconds());
    }

    /// <summary>Whether a caller knows the key file's text.</summary>
    public bool IsSecret(string? secret)
    {
        // Hashing both first makes the lengths equal, so the time tells nothing of where or how they differ.
        byte[] given = SHA256.HashData(Encoding.UTF8.GetBytes(secret?.Trim() ?? string.Empty));
        byte[] wanted = SHA256.HashData(Encoding.UTF8.GetBytes(Convert.ToHexStringLower(_key)));
        return CryptographicOperations.FixedTimeEquals(given, wanted) && !KeyIsPublic;
    }

    /// <summary>The claims of a token that was signed under our key, whenever it may be good; else null.</summary>
    private TokenClaims? Verify(string token)
    {
        string[] parts = token.Length <= MaxTokenLength ? token.Split('.') : [];
        return parts.Length == 3
            && TryDecode(parts[0], out byte[] header)
            && TryDecode(parts[1], out byte[] claims)
            && TryDecode(parts[2], out byte[] signature)
            && TryMac(header, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), out byte[] expected)
            && CryptographicOperations.FixedTimeEquals(signature, expected)
                ? WithObject(claims, TokenClaims.Read)
                : null;
    }

    private static bool TryDecode(string part, out byte[] bytes)
    {
        bool valid = Base64Url.IsValid(part);
        bytes = valid ? Base64Url.DecodeFromChars(part) : [];
        return valid;
    }

    private bool TryMac(byte[] header, byte[] signed, out byte[] mac)
    {
        mac = WithObject(header, root => Text(root, "alg")) switch
        {
            "HS256" => HMACSHA256.HashData(_key, signed),
            "HS384" => HMACSHA384.HashData(_key, signed),
            "HS512" => HMACSHA512.HashData(_key, signed),
            _ => [],
        };
        return mac.Length > 0;
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static T? WithObject<T>(byte[] json, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement) : default;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return default; // a token is either well-formed or worthless
        }
    }
}
