using System.Diagnostics;
using Nitro.Host;
using Nitro.Host.Loop;
using Nitro.Host.Options;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>A second process is told at once, and one that starts while the first is ending is not.</summary>
public sealed class FolderLocksTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nitro-folders-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task ManyTenantsWaitOnceForAllTogether()
    {
        var tenants = Enumerable.Range(0, 20).Select(Tenant).ToList();
        using var first = new FolderLocks();
        tenants.ForEach(tenant => Assert.True(first.TakeAsync(tenant, default).IsCompletedSuccessfully));
        using var second = new FolderLocks();

        var began = Stopwatch.StartNew();
        foreach (var tenant in tenants)
        {
            var refusal = await Assert.ThrowsAsync<TenantStoppedException>(() => second.TakeAsync(tenant, default));
            Assert.Contains(tenant.Folder, refusal.Message);
            Assert.Contains($"fuser {tenant.LockPath}", refusal.Message);
        }

        Assert.True(began.Elapsed < TimeSpan.FromSeconds(5), $"{began.Elapsed}");
    }

    [Fact]
    public async Task WhoeverComesWhileTheFirstIsEndingIsLetIn()
    {
        var tenant = Tenant(0);
        using var first = new FolderLocks();
        await first.TakeAsync(tenant, default);
        using var second = new FolderLocks();
        var taking = second.TakeAsync(tenant, default);
        Assert.False(taking.IsCompleted);

        first.Release(tenant);

        await taking.WaitAsync(TimeSpan.FromSeconds(20));
        using var third = new FolderLocks();
        await Assert.ThrowsAsync<TenantStoppedException>(() => third.TakeAsync(tenant, default));
    }

    private TenantPlan Tenant(int number)
    {
        var options = new NodeOptions
        {
            Contracts = new ContractSettings { Adjudicator = Address(1), ConsensusApp = Address(2), VirtualPaymentApp = Address(3) },
            Chain = new ChainSettings { Url = "http://127.0.0.1:1" },
            DataDirectory = folder.FullName,
            Tenants = new Dictionary<string, TenantOptions> { [$"t{number}"] = new() },
        };
        return NodePlan.From(options).Tenants[0];
    }

    private static string Address(byte last) => "0x" + Convert.ToHexStringLower([.. new byte[19], last]);
}
