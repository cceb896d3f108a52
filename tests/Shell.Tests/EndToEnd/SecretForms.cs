using System.Text;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>A private key as it might lie about: its bytes, hexadecimal in both cases, base64.</summary>
internal sealed record SecretForms(string Name, IReadOnlyList<byte[]> Forms)
{
    /// <summary>Of a key file with 64 hexadecimal digits.</summary>
    public static SecretForms OfKeyFile(string name, string path)
    {
        var key = Convert.FromHexString(File.ReadAllText(path).Trim().Replace("0x", "", StringComparison.Ordinal));
        return new SecretForms(
            name,
            [key, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(key)), Encoding.ASCII.GetBytes(Convert.ToHexString(key)), Encoding.ASCII.GetBytes(Base64(key))]);
    }

    /// <summary>The same in UTF-16, as .NET keeps text.</summary>
    public SecretForms WithText() => this with { Forms = [.. Forms, .. Forms.Skip(1).Select(form => Encoding.Unicode.GetBytes(Encoding.ASCII.GetString(form)))] };

    /// <summary>Whether one of the forms is in the bytes.</summary>
    public bool AreIn(ReadOnlySpan<byte> bytes)
    {
        foreach (var form in Forms)
        {
            if (bytes.IndexOf(form) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    // The last characters depend on what follows the key.
    private static string Base64(byte[] key) => Convert.ToBase64String(key)[..42];
}
