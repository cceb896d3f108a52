using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Nitro.JsonRpc;

/// <summary>
/// Serves the JSON-RPC API of one or more nodes over HTTP and WebSocket. Each distinct endpoint is a web server of its own with its own
/// limits, so tenants with endpoints of their own do not get into each other's way.
/// </summary>
public sealed partial class RpcServer : IAsyncDisposable
{
    private readonly List<WebApplication> _applications = [];
    private readonly List<TenantHost> _tenants = [];
    private readonly List<RpcAddress> _addresses = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly RpcOptions _options;
    private readonly ILoggerFactory _loggers;
    private int _isStopped;

    private RpcServer(RpcOptions options, ILoggerFactory loggers)
    {
        _options = options;
        _loggers = loggers;
    }

    /// <summary>Where each tenant answers, with the ports that were really taken.</summary>
    public IReadOnlyList<RpcAddress> Addresses => _addresses;

    /// <summary>Starts serving; when it returns, all endpoints take calls.</summary>
    /// <exception cref="RpcSetupException">Unsafe or impossible settings, an unusable certificate, a port in use.</exception>
    public static async Task<RpcServer> StartAsync(
        RpcOptions options, IReadOnlyList<RpcTenant> tenants, ILoggerFactory? loggers, CancellationToken cancellationToken)
    {
        Check(options, tenants);
        var server = new RpcServer(options, loggers ?? NullLoggerFactory.Instance);
        try
        {
            foreach (IGrouping<RpcEndpoint, RpcTenant> group in tenants.GroupBy(tenant => tenant.Endpoint ?? options.Endpoint))
            {
                await server.StartEndpointAsync(group.Key, [.. group], cancellationToken);
            }
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        return server;
    }

    /// <summary>Closes subscribers with a reason, lets running HTTP requests finish within <see cref="RpcOptions.StopTimeout"/>.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isStopped, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        foreach (TenantHost tenant in _tenants)
        {
            await tenant.DisposeAsync();
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.StopTimeout);
        foreach (WebApplication application in _applications)
        {
            await application.StopAsync(limit.Token);
            await application.DisposeAsync();
        }
    }

    /// <summary>Stops, if that was not done yet.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    private async Task StartEndpointAsync(RpcEndpoint endpoint, IReadOnlyList<RpcTenant> tenants, CancellationToken cancellationToken)
    {
        ILogger logger = _loggers.CreateLogger<RpcServer>();
        TenantHost[] hosts = [.. tenants.Select(tenant => new TenantHost(tenant, _options, logger))];
        _tenants.AddRange(hosts);
        WebApplication application = EndpointHost.Build(endpoint, _options, _loggers, new ApiEndpoint(_options, hosts, _stopping.Token));
        _applications.Add(application);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw new RpcSetupException(
                $"The API cannot listen on {endpoint.Address}:{endpoint.Port}: {e.Message} Stop the program that uses the port, or "
                + "configure another.",
                e);
        }

        var bound = new Uri(application.Urls.Single());
        _addresses.AddRange(tenants.Select(tenant =>
            new RpcAddress(tenant.Name, new Uri(bound, tenants.Count == 1 ? "/api/v1" : $"/t/{tenant.Name}/api/v1"))));
    }

    private static void Check(RpcOptions options, IReadOnlyList<RpcTenant> tenants)
    {
        if (tenants.DistinctBy(tenant => tenant.Name).Count() != tenants.Count || !tenants.All(tenant => TenantName().IsMatch(tenant.Name)))
        {
            throw new RpcSetupException(
                "Tenant names must differ from each other and take 1-64 characters of a-z, 0-9, '-' and '_'. Rename the tenants.");
        }

        if (options.Origins.FirstOrDefault(origin => origin is "*" or "null") is { } origin)
        {
            throw new RpcSetupException(
                $"rpc.origins may not contain '{origin}': any web page could pay. List full origins such as https://wallet.example.");
        }

        foreach (RpcTenant tenant in tenants)
        {
            RpcEndpoint endpoint = tenant.Endpoint ?? options.Endpoint;
            string place = $"{endpoint.Address}:{endpoint.Port}";
            if (options.GoNitro && !endpoint.IsLoopback)
            {
                throw new RpcSetupException(
                    $"rpc.compat = go-nitro lets anybody pay, so it is served on loopback only, not on {place}. Use 127.0.0.1, or drop it.");
            }

            if (!endpoint.IsLoopback && !endpoint.IsTls)
            {
                throw new RpcSetupException(
                    $"Plain HTTP on {place} would show tokens to the network. Configure a certificate and key for it, or use 127.0.0.1.");
            }

            if (tenant.Tokens.KeyIsPublic && !options.GoNitro)
            {
                throw new RpcSetupException(
                    $"Tenant {tenant.Name} uses go-nitro's published token key. Give it a key file, or set rpc.compat = go-nitro.");
            }
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]{0,63}\\z")]
    private static partial Regex TenantName();
}
