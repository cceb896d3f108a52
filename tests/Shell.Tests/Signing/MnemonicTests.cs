using System.Security.Cryptography;
using System.Text;
using Nitro.Signer.Keys;
using Nitro.Signing;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>Words, seeds and keys, against BIP39's and BIP32's own vectors.</summary>
public sealed class MnemonicTests
{
    private const string Words = "legal winner thank year wave sausage worth useful legal winner thank yellow";

    [Theory]
    [InlineData(
        "00000000000000000000000000000000", "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
        "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04")]
    [InlineData(
        "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f", Words,
        "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6fa457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607")]
    [InlineData(
        "ffffffffffffffffffffffffffffffff", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
        "ac27495480225222079d7be181583751e86f571027b0497b5b5d11218e0a8a13332572917f0f8e5a589620c6f15b11c61dee327651a14c34e18231052e48c069")]
    [InlineData(
        "000000000000000000000000000000000000000000000000",
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon agent",
        "035895f2f481b1b0f01fcf8c289c794660b289981a78f8106447707fdd9666ca06da5a9a565181599b79f53b844d8a71dd9f439c52a3d7b3e8a79c906ac845fa")]
    [InlineData(
        "8080808080808080808080808080808080808080808080808080808080808080",
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor "
        + "acoustic bless",
        "c0c519bd0e91a2ed54357d9d1ebef6f5af218a153624cf4f2da911a0ed8f7a09e2ef61af0aca007096df430022f7a2b6fb91661a9589097069720d015e4e982f")]
    [InlineData(
        "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
        "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group space point ten exist slush involve unfold",
        "01f5bced59dec48e362f2c45b5de68b9fd6c92c6634f44d6d40aab69056506f0e35524a518034ddc1192e1dacd32c1ed3eaa3c3b131c88ed8e7e54c49a5d0998")]
    public void WordsAndSeedAreThoseOfBip39Vectors(string entropy, string words, string seed)
    {
        var written = Mnemonic.Write(Convert.FromHexString(entropy));

        Assert.Equal(words, Encoding.ASCII.GetString(written));
        Assert.Equal(written, Mnemonic.Read(Encoding.ASCII.GetBytes($"  {words.ToUpperInvariant().Replace(" ", "\t ", StringComparison.Ordinal)}\r\n")));
        Assert.Equal(seed, Convert.ToHexStringLower(Mnemonic.Seed(written, "TREZOR"u8)));
    }

    [Theory]
    [InlineData("000102030405060708090a0b0c0d0e0f", "m", "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35")]
    [InlineData("000102030405060708090a0b0c0d0e0f", "m/0'", "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea")]
    [InlineData("000102030405060708090a0b0c0d0e0f", "m/0'/1", "3c6cb8d0f6a264c91ea8b5030fadaa8e538b020f0a387421a12de9319dc93368")]
    [InlineData("000102030405060708090a0b0c0d0e0f", "m/0'/1/2'", "cbce0d719ecf7431d88e6a89fa1483e02e35092af60c042b1df2ff59fa424dca")]
    [InlineData("000102030405060708090a0b0c0d0e0f", "m/0'/1/2'/2", "0f479245fb19a38a1954c5c7c0ebab2f9bdfd96a17563ef28a6a4b1a2a764ef4")]
    [InlineData("000102030405060708090a0b0c0d0e0f", "m/0'/1/2'/2/1000000000", "471b76e389e528d6de6d816857e012c5455051cad6660850e58372a6c3e6e7c8")]
    [InlineData(
        "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542",
        "m/0/2147483647'/1/2147483646'/2", "bb7d39bdb83ecf58f2fd82b6d918341cbef428661ef01ab97c28a4842125ac23")]
    [InlineData(
        "4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4acba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d1457df2e5a3c51c73235be",
        "m/0'", "491f7a2eebc7b57028e0d3faa0acda02e75c33b03c48fb288c41e2ea44e1daef")]
    [InlineData(
        "3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678", "m/0'/1'", "3a2086edd7d9df86c3487a5905a1712a9aa664bce8cc268141e07549eaa8661d")]
    public void KeysAreThoseOfBip32Vectors(string seed, string path, string key) =>
        Assert.Equal(key, Convert.ToHexStringLower(HdKey.Derive(Convert.FromHexString(seed), path)));

    /// <summary>The mnemonic of every development chain; its first key is known to everybody.</summary>
    [Theory]
    [InlineData(0, "7797c0f3db8b946604ec2039dfd9763e4ffdc53174342a2ed9b14fa3eda666a5")]
    [InlineData(1, "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")]
    public void EachRoleHasItsPath(int role, string key)
    {
        var words = Mnemonic.Read("test test test test test test test test test test test junk"u8);
        Assert.Equal(key, Convert.ToHexStringLower(HdKey.Derive(Mnemonic.Seed(words), HdKey.PathOf((KeyRole)role))));
    }

    [Fact]
    public void FreshOnesHave24WordsAndDiffer()
    {
        var (one, other) = (Mnemonic.Fresh(), Mnemonic.Fresh());
        Assert.Equal(24, Encoding.ASCII.GetString(one).Split(' ').Length);
        Assert.Equal(one, Mnemonic.Read(one));
        Assert.NotEqual(one, other);
    }

    [Theory]
    [InlineData("", "12, 15, 18, 21 or 24")]
    [InlineData("abandon", "12, 15, 18, 21 or 24")]
    [InlineData("legal winner thank year wave sausage worth useful legal winner thank", "12, 15, 18, 21 or 24")]
    [InlineData("legal winner thank year wave sausage worth useful legal winner thank thank", "checksum")]
    [InlineData("winner legal thank year wave sausage worth useful legal winner thank yellow", "checksum")]
    [InlineData("legal winner thank yeer wave sausage worth useful legal winner thank yellow", "Word 4")]
    [InlineData("legal winner thank yearlongword wave sausage worth useful legal winner thank yellow", "Word 4")]
    [InlineData("legal winner thank ye\u00e4r wave sausage worth useful legal winner thank yellow", "Word 4")]
    public void WhatIsNoMnemonicIsRefusedWithoutShowingItsWords(string typed, string says)
    {
        var message = Assert.Throws<KeyFileException>(() => Mnemonic.Read(Encoding.UTF8.GetBytes(typed))).Message;
        Assert.Contains(says, message);
        Assert.DoesNotContain("winner", message);
        Assert.DoesNotContain("yeer", message);
    }

    [Fact]
    public void MoreThan24WordsAreRefused() =>
        Assert.Throws<KeyFileException>(() => Mnemonic.Read(Encoding.ASCII.GetBytes(string.Join(' ', Enumerable.Repeat("zoo", 500)))));

    /// <summary>The list is BIP39's, whose SHA-256 is widely published.</summary>
    [Fact]
    public void TheListIsTheOneOfBip39()
    {
        using var list = typeof(Mnemonic).Assembly.GetManifestResourceStream("bip39-english.txt")!;
        Assert.Equal("2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda", Convert.ToHexStringLower(SHA256.HashData(list)));
    }
}
