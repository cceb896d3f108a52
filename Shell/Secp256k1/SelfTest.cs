namespace Nitro.Secp256k1;

/// <summary>One known signature, made and recovered: guards against a library of the same name with another ABI.</summary>
internal static class SelfTest
{
    // The published example of EIP-155: key 0x46 * 32, v there is 37, which is recovery id 0.
    private static readonly byte[] Key = Enumerable.Repeat((byte)0x46, 32).ToArray();
    private static readonly byte[] Hash = Convert.FromHexString("daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
    private static readonly byte[] Address = Convert.FromHexString("9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f");
    private static readonly byte[] Signature = Convert.FromHexString(
        "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
        + "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d831b");

    internal static bool Passes(ICurve curve)
    {
        Span<byte> signature = stackalloc byte[65];
        Span<byte> address = stackalloc byte[20];
        try
        {
            return IsReproduced(curve, signature, address);
        }
        catch (InvalidOperationException)
        {
            return false; // The library contradicts itself: the managed code takes its place.
        }
    }

    private static bool IsReproduced(ICurve curve, Span<byte> signature, Span<byte> address) =>
        curve.TrySign(Hash, Key, signature) && signature.SequenceEqual(Signature)
        && curve.TryRecoverAddress(Hash, signature, address) && address.SequenceEqual(Address);
}
