using Nitro.Signing;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>Keys on disk: made once, for their owner alone.</summary>
public sealed class KeyFileTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nitro-keys-");

    private string Path => System.IO.Path.Combine(folder.FullName, "deep", "channel.key");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void AnAbsentFileIsMadeForItsOwnerAloneAndReadAgain()
    {
        var key = KeyFile.LoadOrCreate(Path);

        Assert.Equal(32, key.Length);
        Assert.Equal(key, KeyFile.LoadOrCreate(Path));
        Assert.Single(Directory.GetFiles(System.IO.Path.GetDirectoryName(Path)!));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        }
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void AFileThatOthersMayUseIsRefused(UnixFileMode others)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        KeyFile.LoadOrCreate(Path);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | others);

        Assert.Contains("chmod 600", Assert.Throws<KeyFileException>(() => KeyFile.LoadOrCreate(Path)).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x12")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000001")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    public void WhatIsNoKeyIsRefusedWithoutShowingIt(string text)
    {
        KeyFile.LoadOrCreate(Path);
        File.WriteAllText(Path, text);

        var message = Assert.Throws<KeyFileException>(() => KeyFile.LoadOrCreate(Path)).Message;

        Assert.True(text == "" || !message.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public void APrefixAndALineFeedAreFine()
    {
        var key = KeyFile.LoadOrCreate(Path);
        File.WriteAllText(Path, $"0x{Convert.ToHexString(key)}\r\n");

        Assert.Equal(key, KeyFile.LoadOrCreate(Path));
    }

    [Fact]
    public void AVariableHoldsAKeyOrNothing()
    {
        const string Variable = "NITRO_TEST_KEY_OF_KEYFILETESTS";
        Assert.Null(KeyFile.FromEnvironment(Variable));
        Environment.SetEnvironmentVariable(Variable, "12");
        try
        {
            Assert.Contains(Variable, Assert.Throws<KeyFileException>(() => KeyFile.FromEnvironment(Variable)).Message);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }
}
