using System.Diagnostics.CodeAnalysis;

namespace Nitro.SignerProtocol;

/// <summary>What the operator carries from the node to the signer: where the node is, the key that it must show, and a token that is good once.</summary>
/// <param name="Node"><c>https://host:port</c>.</param>
/// <param name="Fingerprint">See <see cref="TransportKey.Fingerprint"/>.</param>
/// <param name="Token">64 hexadecimal digits.</param>
public sealed record PairingCode(Uri Node, string Fingerprint, string Token)
{
    private const int Digits = 64;

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PairingCode? code)
    {
        code = null;
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
        {
            return false;
        }

        var parts = uri.Fragment.TrimStart('#').Split('.');
        if (parts.Length != 2 || !parts.All(part => part.Length == Digits && part.All(char.IsAsciiHexDigitLower)))
        {
            return false;
        }

        code = new PairingCode(new Uri($"https://{uri.Authority}"), parts[0], parts[1]);
        return true;
    }

    /// <summary>One line.</summary>
    public override string ToString() => $"https://{Node.Authority}/#{Fingerprint}.{Token}";
}
