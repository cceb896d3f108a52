using Nitro.Storage;
using Xunit;

namespace Nitro.Shell.Tests.Storage;

/// <summary>A lock has one holder, and what cannot be locked is told apart from what is held.</summary>
public sealed class FileLockTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nitro-lock-");

    private string Path => System.IO.Path.Combine(folder.FullName, "deep", "node.lock");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void ItHasOneHolderAtATime()
    {
        using (var first = FileLock.TryTake(Path))
        {
            Assert.NotNull(first);
            Assert.Null(FileLock.TryTake(Path));
        }

        using var second = FileLock.TryTake(Path);
        Assert.NotNull(second);
    }

    [Fact]
    public void WhatCannotBeLockedIsExplained()
    {
        Directory.CreateDirectory(Path);

        Assert.Contains(Path, Assert.Throws<StorageException>(() => FileLock.TryTake(Path)).Message);
    }
}
