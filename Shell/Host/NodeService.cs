using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nitro.Ethereum;
using Nitro.Grpc;
using Nitro.Host.Link;
using Nitro.Host.Loop;
using Nitro.Host.Options;
using Nitro.JsonRpc;
using Nitro.Ports;
using Nitro.Secp256k1;
using Nitro.Signing;
using Nitro.Storage;

namespace Nitro.Host;

/// <summary>Runs all tenants of a process and their API. A tenant that breaks stops alone; the process ends when none is left.</summary>
public sealed class NodeService(
    NodeOptions options, IPeerLinkFactory links, ILoggerFactory loggers, TimeProvider time, IHostApplicationLifetime lifetime)
    : IHostedService, IAsyncDisposable
{
    private readonly ILogger logger = loggers.CreateLogger("Nitro.Node");
    private readonly CancellationTokenSource stopping = new();
    private readonly List<TenantSeat> tenants = [];
    private readonly List<RpcServer> servers = [];
    private readonly FolderLocks folders = new();
    private Task running = Task.CompletedTask;
    private int isStopped;

    /// <summary>The tenants that are open; one without keys is not before its first signer has attached.</summary>
    public IReadOnlyList<Tenant> Tenants => [.. tenants.Select(tenant => tenant.Tenant).OfType<Tenant>()];

    /// <summary>The APIs of all tenants, open or not.</summary>
    public IReadOnlyList<TenantPort> Ports => [.. tenants.Select(tenant => new TenantPort(tenant.Plan.Name, tenant.Port))];

    /// <summary>Where each tenant's API answers.</summary>
    public IReadOnlyList<RpcAddress> Addresses => [.. servers.SelectMany(server => server.Addresses)];

    /// <summary>Opens and starts all tenants; when it returns the API takes calls.</summary>
    /// <exception cref="NodeOptionsException">The settings do not fit.</exception>
    /// <exception cref="RpcSetupException">The API cannot be served.</exception>
    /// <exception cref="TenantStoppedException">No tenant could be opened; the message has a line for each.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var plan = NodePlan.From(options);
        logger.LogInformation("{Curve}", Curve.Default.Description);
        try
        {
            await OpenAsync(plan, cancellationToken);
            running = WatchAsync([.. tenants.Select(tenant => tenant.RunAsync(stopping.Token))]);
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
        foreach (var tenant in tenants)
        {
            await tenant.DisposeAsync();
        }

        folders.Dispose();
        logger.LogInformation("Stopped");
    }

    /// <summary>Stops, if that was not done yet.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    private async Task OpenAsync(NodePlan plan, CancellationToken cancellationToken)
    {
        var builder = new TenantBuilder(plan, links, loggers, time);
        var accounts = new HashSet<string>(StringComparer.Ordinal);
        var failures = new List<(string Reason, Exception Cause)>();
        async Task<bool> TryAsync(TenantPlan tenant, Func<Task> start)
        {
            try
            {
                await start();
                return true;
            }
            catch (Exception e) when (IsForOperator(e))
            {
                folders.Release(tenant);
                failures.Add(($"Tenant {tenant.Name} cannot start: {e.Message}", e));
                return false;
            }
        }

        // All folders first: whoever started a node twice hears it at once, and not after journals were read.
        var ready = new List<TenantPlan>();
        foreach (var tenant in plan.Tenants)
        {
            if (await TryAsync(tenant, () => folders.TakeAsync(tenant, cancellationToken)))
            {
                ready.Add(tenant);
            }
        }

        foreach (var tenant in ready)
        {
            var seat = new TenantSeat(tenant, builder, accounts, loggers);
            if (await TryAsync(tenant, () => seat.OpenAsync(cancellationToken)))
            {
                tenants.Add(seat);
            }
            else
            {
                await seat.DisposeAsync();
            }
        }

        // Told once: where none is left the exception ends the process and its message is shown.
        if (tenants.Count == 0)
        {
            throw new TenantStoppedException(string.Join('\n', failures.Select(failure => failure.Reason)), failures[0].Cause);
        }

        foreach (var (reason, _) in failures)
        {
            logger.LogCritical("{Reason}", reason);
        }
    }

    /// <summary>Whether it concerns one tenant alone, and its message says what to do.</summary>
    private static bool IsForOperator(Exception e) =>
        e is TenantStoppedException or GrpcSetupException or StorageException or JournalException or KeyFileException or MarksException or EthereumSetupException or IOException;

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
