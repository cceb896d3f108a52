using Nitro.Ethereum;

namespace Nitro.Devnet;

/// <summary>The ten accounts of anvil's published mnemonic ("test test ... junk"), each with 10,000 ether. Never use them on a real chain.</summary>
public static class AnvilAccounts
{
    /// <summary>Private keys, 32 bytes each.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Keys { get; } =
    [
        Hex.Parse("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
        Hex.Parse("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
        Hex.Parse("0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"),
        Hex.Parse("0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"),
        Hex.Parse("0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"),
        Hex.Parse("0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"),
        Hex.Parse("0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"),
        Hex.Parse("0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356"),
        Hex.Parse("0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97"),
        Hex.Parse("0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"),
    ];
}
