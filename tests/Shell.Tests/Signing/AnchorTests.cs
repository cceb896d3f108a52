using Nitro.Signing;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>What a signer keeps beside its memory, to tell an older copy of it.</summary>
public sealed class AnchorTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("nitro-anchor").FullName;
    private readonly byte[] owner = [.. Enumerable.Range(1, 20).Select(i => (byte)i)];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void WhatWasAnchoredLastIsReadAgain()
    {
        using (var anchor = Open())
        {
            Assert.Equal(0UL, anchor.Version);
            for (var version = 1UL; version <= 5; version++)
            {
                anchor.Advance(version, Root(version));
            }
        }

        using var again = Open();
        Assert.Equal(5UL, again.Version);
        Assert.Equal(Root(5), again.Root);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public void OneBrokenSlotLeavesTheOther(int broken)
    {
        using (var anchor = Open())
        {
            anchor.Advance(7, Root(7));
            anchor.Advance(8, Root(8));
        }

        Break(broken + 20);
        using var again = Open();
        var left = broken == 0 ? 8UL : 7UL;
        Assert.Equal(left, again.Version);
        Assert.Equal(Root(left), again.Root);
        again.Advance(9, Root(9));
        again.Dispose();
        using var third = Open();
        Assert.Equal(9UL, third.Version);
    }

    [Fact]
    public void DamageInBothIsSaidAndNothingIsGuessed()
    {
        using (var anchor = Open())
        {
            anchor.Advance(7, Root(7));
            anchor.Advance(8, Root(8));
        }

        Break(20);
        Break(4096 + 20);
        var error = Assert.Throws<MarksException>(Open);
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
        Assert.Contains(PathOf, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherKeysAnchorIsRefused()
    {
        using (var anchor = Open())
        {
            anchor.Advance(1, Root(1));
        }

        owner[0] = 99;
        Assert.Contains("belongs to the key", Assert.Throws<MarksException>(Open).Message, StringComparison.Ordinal);
    }

    private string PathOf => Path.Combine(folder, "elsewhere", "anchor");

    private static byte[] Root(ulong version) => [.. Enumerable.Repeat((byte)version, 32)];

    private Anchor Open() => Anchor.Open(PathOf, owner);

    private void Break(int offset)
    {
        using var file = File.OpenWrite(PathOf);
        file.Position = offset;
        file.WriteByte(0xee);
    }
}
