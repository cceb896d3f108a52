using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nitro.Ethereum;
using Nitro.Host.Link;
using Nitro.Host.Loop;
using Nitro.Host.Options;
using Nitro.JsonRpc;
using Nitro.Ports;
using Nitro.Secp256k1;
using Nitro.Signing;

namespace Nitro.Host;

/// <summary>Runs all tenants of a process and their API. A tenant that breaks stops alone; the process ends when none is left.</summary>
public sealed class NodeService(
    NodeOptions options, IPeerLinkFactory links, ILoggerFactory loggers, TimeProvider time, IHostApplicationLifetime lifetime)
    : IHostedService, IAsyncDisposable
{
    private readonly ILogger logger = loggers.CreateLogger("Nitro.Node");
    private readonly CancellationTokenSource stopping = new();
    private readonly List<(TenantPlan Plan, Tenant Tenant)> tenants = [];
    private readonly List<RpcServer> servers = [];
    private Task running = Task.CompletedTask;
    private int isStopped;

    /// <summary>The tenants that could be opened.</summary>
    public IReadOnlyList<Tenant> Tenants => [.. tenants.Select(tenant => tenant.Tenant)];

    /// <summary>Where each tenant's API answers.</summary>
    public IReadOnlyList<RpcAddress> Addresses => [.. servers.SelectMany(server => server.Addresses)];

    /// <summary>Opens and starts all tenants; when it returns the API takes calls.</summary>
    /// <exception cref="NodeOptionsException">The settings do not fit.</exception>
    /// <exception cref="RpcSetupException">The API cannot be served.</exception>
    /// <exception cref="TenantStoppedException">No tenant could be opened.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var plan = NodePlan.From(options);
        logger.LogInformation("{Curve}", Curve.Default.Description);
        try
        {
            await OpenAsync(plan, cancellationToken);
            running = WatchAsync([.. tenants.Select(tenant => tenant.Tenant.RunAsync(stopping.Token))]);
            foreach (var (rpc, served) in RpcGroup.Of(tenants))
            {
                servers.Add(await RpcServer.StartAsync(rpc, served, loggers, cancellationToken));
            }
        }
        catch
        {
            await StopAsync(CancellationToken.None);
            throw;
        }

        foreach (var address in Addresses)
        {
            logger.LogInformation("Tenant {Tenant} answers at {Api}", address.Tenant, address.Api);
        }
    }

    /// <summary>Ends the API, then the tenants; what is durable is carried on at the next start.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref isStopped, 1) != 0)
        {
            return;
        }

        foreach (var server in servers)
        {
            await server.StopAsync(cancellationToken);
            await server.DisposeAsync();
        }

        await stopping.CancelAsync();
        await running;
        foreach (var (_, tenant) in tenants)
        {
            await tenant.DisposeAsync();
        }

        logger.LogInformation("Stopped");
    }

    /// <summary>Stops, if that was not done yet.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    private async Task OpenAsync(NodePlan plan, CancellationToken cancellationToken)
    {
        var builder = new TenantBuilder(plan, links, loggers, time);
        var accounts = new HashSet<string>(StringComparer.Ordinal);
        TenantStoppedException? last = null;
        foreach (var tenant in plan.Tenants)
        {
            try
            {
                tenants.Add((tenant, await builder.OpenAsync(tenant, accounts, cancellationToken)));
            }
            catch (Exception e) when (e is TenantStoppedException or JournalException or KeyFileException or MarksException or EthereumSetupException or IOException)
            {
                last = new TenantStoppedException($"Tenant {tenant.Name} cannot start: {e.Message}", e);
                logger.LogCritical("Tenant {Tenant} cannot start: {Reason}", tenant.Name, e.Message);
            }
        }

        if (tenants.Count == 0)
        {
            throw last!;
        }
    }

    private async Task WatchAsync(IReadOnlyList<Task> runs)
    {
        await Task.WhenAll(runs);
        if (!stopping.IsCancellationRequested)
        {
            logger.LogCritical("No tenant is left at work: the node ends. The reasons stand above.");
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }
}
