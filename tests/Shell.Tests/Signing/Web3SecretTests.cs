using System.Text;
using Nitro.Shell.Tests.Host;
using Nitro.Signer.Keys;
using Nitro.Signing;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>Key files of Web3 secret storage, version 3: those of others, our own, and broken ones.</summary>
public sealed class Web3SecretTests
{
    // Made by ethers 6 from the specification's key; the specification's own scrypt vector has parameters that RFC 7914 forbids.
    private const string Scrypt =
        """
        {"address":"008aeeda4d805471df9b2a5b0f38a0c3bcba786b","id":"3198bc9c-6672-4ab3-9995-4942343ae5b6","version":3,"Crypto":{"cipher":"aes-128-ctr",
        "cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},"ciphertext":"584f4eb2783472ec149b334c22d77ddbf118a0783ea24e66ca8a7883cd2b4bf5",
        "kdf":"scrypt","kdfparams":{"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19","n":4096,"dklen":32,"p":6,"r":8},
        "mac":"860ad3ce9642f99d709abc696e25ede7cd35daf6a6041e975d14c53dae118886"}}
        """;

    private const string Pbkdf2 =
        """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2",
        "kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
        "mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    [Theory]
    [InlineData(Scrypt)]
    [InlineData(Pbkdf2)]
    public void VectorsOfOtherToolsOpen(string file)
    {
        using var secret = new Web3Secret("testpassword"u8.ToArray());
        Assert.Equal("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d", Convert.ToHexStringLower(secret.Open(Parsed(file), "k")));
    }

    [Fact]
    public void OneMayBeSealedAndOpenedByAnother()
    {
        using var sealing = Light("correct horse");
        var (one, other) = (sealing.Seal(TestKeys.Key(3)), sealing.Seal(TestKeys.Key(3)));
        Assert.NotEqual(one.Crypto.CipherText, other.Crypto.CipherText);

        using var opening = Light("correct horse");
        Assert.Equal(TestKeys.Key(3), opening.Open(Web3File.Read(one.Write(), "k"), "k"));
        Assert.Equal(TestKeys.Key(3), opening.Open(Web3File.Read(other.Write(), "k"), "k"));
        Assert.DoesNotContain(Convert.ToHexStringLower(TestKeys.Key(3)), Encoding.ASCII.GetString(one.Write()));
    }

    [Fact]
    public void AWrongPassphraseAndADamagedFileAreToldApart()
    {
        using var right = Light("correct horse");
        using var wrong = Light("correct hors");
        var bytes = right.Seal(TestKeys.Key(3)).Write();
        Assert.Contains("Wrong passphrase", Problem(() => wrong.Open(Web3File.Read(bytes, "the-path"), "the-path")));

        for (var i = 0; i < bytes.Length; i++)
        {
            var spoilt = bytes.ToArray();
            spoilt[i] ^= 1;
            if (Encoding.ASCII.GetString(bytes).IndexOf("checksum", StringComparison.Ordinal) is var name && i >= name && i < name + "checksum".Length)
            {
                // Without a checksum it is a file like any other tool's, and whole.
                Assert.Equal(TestKeys.Key(3), right.Open(Web3File.Read(spoilt, "the-path"), "the-path"));
                continue;
            }

            var message = Problem(() => right.Open(Web3File.Read(spoilt, "the-path"), "the-path"));
            Assert.True(message.Contains("damaged", StringComparison.Ordinal) && message.Contains("the-path", StringComparison.Ordinal), $"{i}: {message}");
        }

        Assert.Contains("damaged", Problem(() => Web3File.Read(bytes.AsSpan(0, bytes.Length / 2), "k")));
    }

    [Fact]
    public void AForeignFileWithoutAChecksumSaysThatItCannotTell()
    {
        using var wrong = new Web3Secret("testpasswort"u8.ToArray());
        var message = Problem(() => wrong.Open(Parsed(Pbkdf2), "k"));
        Assert.Contains("wrong", message);
        Assert.Contains("damaged", message);
    }

    [Theory]
    [InlineData("\"n\":4096", "\"n\":1073741824")]
    [InlineData("\"n\":4096", "\"n\":4095")]
    [InlineData("\"n\":4096", "\"n\":-1")]
    [InlineData("\"r\":8", "\"r\":1000000")]
    [InlineData("\"p\":6", "\"p\":2000000000")]
    [InlineData("\"n\":4096,\"dklen\":32,\"p\":6,\"r\":8", "\"n\":262144,\"dklen\":32,\"p\":8,\"r\":1")]
    [InlineData("\"dklen\":32", "\"dklen\":16")]
    [InlineData("\"kdf\":\"scrypt\"", "\"kdf\":\"none\"")]
    [InlineData("aes-128-ctr", "aes-128-cbc")]
    [InlineData("\"salt\":\"ab", "\"salt\":\"zz")]
    [InlineData("\"iv\":\"83", "\"iv\":\"")]
    [InlineData("\"ciphertext\":\"584f", "\"ciphertext\":\"")]
    [InlineData("\"version\":3", "\"version\":4")]
    [InlineData("008aee", "008aef")]
    [InlineData("\"cipherparams\":{\"iv\":\"83dbcc02d8ccb40e466191a123791e0e\"},", "")]
    [InlineData("\"cipherparams\":{\"iv\":\"83dbcc02d8ccb40e466191a123791e0e\"},", "\"cipherparams\":null,")]
    public void WhatNoToolWritesIsDamagedAndCostsNothing(string what, string instead)
    {
        var text = Scrypt.Replace(what, instead, StringComparison.Ordinal);
        Assert.NotEqual(Scrypt, text);
        using var secret = new Web3Secret("testpassword"u8.ToArray());
        Assert.Contains("damaged", Problem(() => secret.Open(Parsed(text), "k")));
    }

    private static Web3File Parsed(string text) => Web3File.Read(Encoding.ASCII.GetBytes(text), "k");

    private static string Problem(Action act) => Assert.Throws<KeyFileException>(act).Message;

    private static Web3Secret Light(string passphrase) => new(Encoding.ASCII.GetBytes(passphrase)) { Cost = (4, 1) };
}
