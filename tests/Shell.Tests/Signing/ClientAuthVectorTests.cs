using System.Text.Json;
using Nitro.Shell.Tests.JsonRpc;
using Nitro.Signing.Calls;
using System.Security.Cryptography;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>
/// Greenlight's header sets on our verification of device signatures: key formats, signatures, and all-or-none. The signed bytes are its own
/// (first data chunk and time); what our envelope covers beyond them is told in ADR 0012. Runes are not judged here.
/// </summary>
public sealed class ClientAuthVectorTests
{
    private static readonly Dictionary<string, JsonElement> Cases = Read();

    public static TheoryData<string> Ids => [.. Cases.Keys.DefaultIfEmpty(VectorFile.Absent)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void VectorOfClientAuthIsJudgedAsItExpects(string id)
    {
        if (!Cases.TryGetValue(id, out var vector))
        {
            return;
        }

        if (id == "key-formats")
        {
            using var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(Hex(vector, "pkcs8_der"), out _);
            var point = key.ExportParameters(true);
            Assert.Equal(Text(vector, "private_key"), Convert.ToHexStringLower(point.D!));
            Assert.Equal(Text(vector, "pubkey"), Convert.ToHexStringLower([4, .. point.Q.X!, .. point.Q.Y!]));
            return;
        }

        Assert.Equal(
            Text(vector, "expect") switch
            {
                "accept" or "implementation-choice" => "accept", // a time of 0 is a signature like any other
                "reject" or "reject-signature" => "reject",
                var other => other,
            },
            Judge(vector));
    }

    /// <summary>accept, reject, reject-partial, reject-malformed or untracked.</summary>
    private static string Judge(JsonElement vector)
    {
        var headers = vector.GetProperty("headers");
        string? Header(string name) => headers.TryGetProperty(name, out var found) ? found.GetString() : null;
        string?[] needed = [Header("glauthpubkey"), Header("glauthsig"), Header("glrune")];
        if (Array.TrueForAll(needed, header => header is null) && Header("glts") is null)
        {
            return "untracked";
        }

        if (Array.Exists(needed, header => header is null))
        {
            return "reject-partial";
        }

        var (key, signature, time) = (Unpadded(needed[0]!), Unpadded(needed[1]!), Header("glts") is { } text ? Unpadded(text) : []);
        if (key is null || signature is null || time is not { Length: 0 or 8 })
        {
            return "reject-malformed";
        }

        byte[] signed = [.. Hex(vector, "data_chunk"), .. time];
        return DeviceSignature.IsBy(key, signed, signature) ? "accept" : "reject";
    }

    /// <summary>Standard base64 without padding; null for anything else.</summary>
    private static byte[]? Unpadded(string text)
    {
        try
        {
            return text.EndsWith('=') ? null : Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string Text(JsonElement vector, string name) => vector.GetProperty(name).GetString()!;

    private static byte[] Hex(JsonElement vector, string name) => Convert.FromHexString(Text(vector, name));

    private static Dictionary<string, JsonElement> Read()
    {
        var path = Path.Combine(Repository.Vectors, "signing", "client-auth.json");
        return File.Exists(path)
            ? JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.GetProperty("vectors").EnumerateArray()
                .Where(vector => !vector.TryGetProperty("kind", out var kind) || kind.GetString() != "rune-check")
                .ToDictionary(vector => vector.GetProperty("id").GetString()!)
            : [];
    }
}
