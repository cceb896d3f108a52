using System.Text;
using Nitro.Shell.Tests.Host;
using Nitro.Signer;
using Nitro.Signer.Keys;
using Nitro.Signing;
using Nitro.Storage;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary><c>nitro-signer keys</c>, from the command line to the files.</summary>
public sealed class KeysCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-keys-");

    private SignerOptions Options => new() { DataDirectory = Path.Combine(_folder.FullName, "signer") };

    private string PassphraseFile => Path.Combine(_folder.FullName, "passphrase");

    public KeysCommandTests() => Secret(PassphraseFile, "correct horse\n");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task NewKeysAreRestoredFromTheirWords()
    {
        var made = await RunAsync("new");
        var words = made.Split('\n').Single(line => line.Split(' ').Length == 24);
        var addresses = made[made.IndexOf("channel address", StringComparison.Ordinal)..];
        Assert.Equal(addresses, await RunAsync("show-addresses"));
        if (!OperatingSystem.IsWindows())
        {
            foreach (var file in Directory.GetFiles(Options.KeysFolder))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }
        }

        Assert.Contains("never overwritten", (await Assert.ThrowsAsync<SignerSetupException>(() => RunAsync("new"))).Message);
        Directory.Move(Options.KeysFolder, Options.KeysFolder + ".old");
        Assert.Equal(addresses, await RunAsync("restore", words + "\n"));

        using var keys = SignerKeys.Open(Options, "correct horse"u8.ToArray());
        Assert.Contains(TestKeys.AddressOf(keys.Channel), addresses);
        Assert.Contains(TestKeys.AddressOf(keys.Chain), addresses);
    }

    [Fact]
    public async Task PlainKeysOfBeforeAreNotUsedUntilTheyAreEncrypted()
    {
        Directory.CreateDirectory(Options.DataDirectory);
        Secret(Path.Combine(Options.DataDirectory, "channel.key"), Convert.ToHexStringLower(TestKeys.Key(3)));
        Secret(Path.Combine(Options.DataDirectory, "chain.key"), Convert.ToHexStringLower(TestKeys.Key(4)));
        Assert.Contains("keys encrypt", Assert.Throws<SignerSetupException>(() => SignerKeys.Check(Options)).Message);
        Assert.Contains("keys encrypt", (await Assert.ThrowsAsync<SignerSetupException>(() => RunAsync("new"))).Message);

        await RunAsync("encrypt");

        SignerKeys.Check(Options);
        using var keys = SignerKeys.Open(Options, "correct horse"u8.ToArray());
        Assert.Equal(TestKeys.Key(3), keys.Channel);
        Assert.Equal(TestKeys.Key(4), keys.Chain);
        Assert.Empty(Directory.GetFiles(Options.DataDirectory));
    }

    [Fact]
    public async Task WithoutKeysOrWithTheWrongPassphraseItSaysWhatToDo()
    {
        Assert.Contains("keys new", Assert.Throws<SignerSetupException>(() => SignerKeys.Check(Options)).Message);
        Assert.Contains("keys new", (await Assert.ThrowsAsync<SignerSetupException>(() => RunAsync("show-addresses"))).Message);
        Assert.Contains("nothing to encrypt", (await Assert.ThrowsAsync<SignerSetupException>(() => RunAsync("encrypt"))).Message);
        Assert.Contains("checksum", (await Assert.ThrowsAsync<KeyFileException>(() => RunAsync("restore", string.Join(' ', Enumerable.Repeat("zoo", 12))))).Message);
        await RunAsync("new");
        Assert.Contains("Wrong passphrase", Assert.Throws<KeyFileException>(() => SignerKeys.Open(Options, "incorrect horse"u8.ToArray())).Message);
        File.WriteAllText(Keystore.PathOf(Options.KeysFolder, KeyRole.Chain), "{}");
        Assert.Contains("damaged", Assert.Throws<KeyFileException>(() => SignerKeys.Open(Options, "correct horse"u8.ToArray())).Message);
        File.Delete(Keystore.PathOf(Options.KeysFolder, KeyRole.Chain));
        Assert.Contains("chain.json", Assert.Throws<StorageException>(() => SignerKeys.Open(Options, "correct horse"u8.ToArray())).Message);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("short\r\n", "at least 8")]
    public async Task APassphraseThatIsNoneIsRefused(string text, string says)
    {
        Secret(PassphraseFile, text);
        Assert.Contains(says, (await Assert.ThrowsAsync<SignerSetupException>(() => RunAsync("new"))).Message);
        Assert.False(Keystore.Exists(Options.KeysFolder));
    }

    [Fact]
    public async Task APassphraseFileThatOthersMayReadIsRefused()
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(PassphraseFile, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            Assert.Contains("chmod 600", (await Assert.ThrowsAsync<StorageException>(() => RunAsync("new"))).Message);
        }
    }

    [Theory]
    [InlineData]
    [InlineData("old")]
    [InlineData("new", "--passphrase")]
    [InlineData("new", "--data-directory")]
    public void WhatIsNoCommandIsRefused(params string[] args) => Assert.Contains("keys", Assert.Throws<SignerSetupException>(() => KeysCommand.Parse(args)).Message);

    private async Task<string> RunAsync(string verb, string input = "")
    {
        var command = KeysCommand.Parse([verb, "--data-directory", Options.DataDirectory, "--passphrase-file", PassphraseFile, "--light-kdf"]);
        using var output = new StringWriter { NewLine = "\n" };
        using var typed = new MemoryStream(Encoding.ASCII.GetBytes(input));
        await command.RunAsync(typed, output, CancellationToken.None);
        return output.ToString();
    }

    private static void Secret(string path, string text)
    {
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
