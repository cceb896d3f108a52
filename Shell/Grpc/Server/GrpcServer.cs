using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Nitro.Grpc;

/// <summary>A gRPC server over HTTP/2 on TCP addresses and Unix sockets.</summary>
public sealed class GrpcServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly CallEndpoint _calls;
    private readonly CancellationTokenSource _stopping;
    private readonly TimeSpan _stopTimeout;
    private int _isStopped;

    private GrpcServer(WebApplication application, CallEndpoint calls, CancellationTokenSource stopping, TimeSpan stopTimeout) =>
        (_application, _calls, _stopping, _stopTimeout) = (application, calls, stopping, stopTimeout);

    /// <summary>Where it answers, in the order of its endpoints and with the ports that were really taken; a client takes them as they are.</summary>
    public IReadOnlyList<Uri> Addresses { get; private set; } = [];

    /// <summary>Handlers that have begun and not returned.</summary>
    public int RunningCalls => _calls.Running;

    /// <summary>Starts serving; when it returns, all endpoints take calls.</summary>
    /// <exception cref="GrpcSetupException">No endpoint, an address in use or unusable.</exception>
    public static async Task<GrpcServer> StartAsync(
        GrpcServerOptions options, GrpcHandlers handlers, ILoggerFactory? loggers, CancellationToken cancellationToken)
    {
        if (options.Endpoints.Count == 0)
        {
            throw new GrpcSetupException("A gRPC server needs at least one endpoint.");
        }

        ILoggerFactory log = loggers ?? NullLoggerFactory.Instance;
        var stopping = new CancellationTokenSource();
        var calls = new CallEndpoint(options, handlers.Freeze(), log.CreateLogger<GrpcServer>(), stopping.Token);
        WebApplication application = EndpointHost.Build(options, log, calls);
        var server = new GrpcServer(application, calls, stopping, options.StopTimeout);
        try
        {
            await server.ListenAsync(options.Endpoints, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes no more calls, fires the tokens of running ones, and cuts those that have not ended within the stop time.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isStopped, 1) != 0)
        {
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_stopTimeout);
        await _stopping.CancelAsync();
        await _application.StopAsync(limit.Token);
        await _application.DisposeAsync();
    }

    /// <summary>Stops, if that was not done yet.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    private async Task ListenAsync(IReadOnlyList<GrpcEndpoint> endpoints, CancellationToken cancellationToken)
    {
        foreach (string file in endpoints.Select(endpoint => endpoint.SocketFile).OfType<string>())
        {
            await SocketFile.ClearAsync(file, cancellationToken);
        }

        try
        {
            await _application.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            throw new GrpcSetupException(
                $"The gRPC server cannot listen on {string.Join(", ", endpoints)}: {e.Message} Stop the program that uses the address, or "
                + "configure another.",
                e);
        }

        Addresses = [.. endpoints.Zip(_application.Urls, Bound)];
    }

    private static Uri Bound(GrpcEndpoint endpoint, string url)
    {
        if (endpoint.SocketFile is { } file)
        {
            SocketFile.Guard(file);
            return new Uri($"unix://{file}");
        }

        int port = new Uri(url).Port;
        return new Uri($"{(endpoint.Tls is null ? "http" : "https")}://{new IPEndPoint(endpoint.Address!.Address, port)}");
    }
}
