using Nitro.Devnet;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

public sealed class NpmInstallTests
{
    [Fact]
    public async Task FreshInstallIsLeftAlone()
    {
        await NpmInstall.EnsureAsync(Repository.DevnetFolder, CancellationToken.None);
        Assert.False(await NpmInstall.EnsureAsync(Repository.DevnetFolder, CancellationToken.None));
    }

    [Fact]
    public async Task FolderWithoutLockFileIsNamed()
    {
        var problem = await Assert.ThrowsAsync<DevnetException>(() => NpmInstall.EnsureAsync(AppContext.BaseDirectory, CancellationToken.None));
        Assert.Contains("package-lock.json", problem.Message, StringComparison.Ordinal);
    }
}
