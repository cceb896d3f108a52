using Nitro.Secp256k1;

namespace Nitro.Shell.Tests.Host;

/// <summary>Keys that nobody should use elsewhere.</summary>
internal static class TestKeys
{
    public static RecoverSigner Recover { get; } = (digest, signature, address) => Curve.Default.TryRecoverAddress(digest, signature, address);

    public static byte[] Key(int number) => [.. new byte[28], 0x0a, 0x11, 0xce, (byte)number];

    public static string AddressOf(byte[] key)
    {
        var address = new byte[20];
        if (!Curve.Default.TryGetAddress(key, address))
        {
            throw new ArgumentException("no key");
        }

        return "0x" + Convert.ToHexStringLower(address);
    }
}
