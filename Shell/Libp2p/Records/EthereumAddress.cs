using System.Text;
using Nitro.Secp256k1;

namespace Nitro.Libp2p.Records;

/// <summary>20 bytes as text with the checksum of EIP-55: a letter is upper case where the hash of the text says so.</summary>
public static class EthereumAddress
{
    /// <summary>0x and 40 letters, with the checksum.</summary>
    public static string ToText(ReadOnlySpan<byte> address20)
    {
        var text = Convert.ToHexStringLower(address20);
        Span<byte> hash = stackalloc byte[32];
        Keccak256.Hash(Encoding.ASCII.GetBytes(text), hash);
        var letters = text.ToCharArray();
        for (var i = 0; i < letters.Length; i++)
        {
            var nibble = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 0xf;
            letters[i] = nibble >= 8 ? char.ToUpperInvariant(letters[i]) : letters[i];
        }

        return $"0x{new string(letters)}";
    }

    /// <summary>Reads 40 hex digits in any case, with or without 0x.</summary>
    public static bool TryParse(string text, Span<byte> address20)
    {
        var digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        return digits.Length == 40 && Convert.FromHexString(digits, address20, out _, out var written) == System.Buffers.OperationStatus.Done
            && written == 20;
    }
}
