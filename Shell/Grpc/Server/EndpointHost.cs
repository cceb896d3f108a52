using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Nitro.Grpc;

/// <summary>A bare Kestrel: no configuration files, no environment, no signal handlers, HTTP/2 only.</summary>
internal static class EndpointHost
{
    public static WebApplication Build(GrpcServerOptions options, ILoggerFactory loggers, CallEndpoint calls)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            SetLimits(kestrel, options);
            foreach (GrpcEndpoint endpoint in options.Endpoints)
            {
                Listen(kestrel, endpoint);
            }
        });

        WebApplication application = builder.Build();
        application.Run(calls.ServeAsync);
        return application;
    }

    private static void SetLimits(KestrelServerOptions kestrel, GrpcServerOptions options)
    {
        kestrel.AddServerHeader = false;
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = options.MaxConnections;
        limits.MaxRequestHeadersTotalSize = options.MaxMetadataBytes;
        limits.Http2.MaxRequestHeaderFieldSize = options.MaxMetadataBytes;
        limits.Http2.MaxStreamsPerConnection = options.MaxCallsPerConnection;
        limits.Http2.KeepAlivePingDelay = options.PingDelay;
        limits.Http2.KeepAlivePingTimeout = options.PingTimeout;

        // A stream may be silent for days and of any length; its messages are bounded where they are read, and pings find the dead.
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
    }

    private static void Listen(KestrelServerOptions kestrel, GrpcEndpoint endpoint)
    {
        if (endpoint.SocketFile is { } file)
        {
            kestrel.ListenUnixSocket(file, listen => listen.Protocols = HttpProtocols.Http2);
            return;
        }

        kestrel.Listen(endpoint.Address!, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (endpoint.Tls is { } tls)
            {
                listen.UseHttps(tls);
            }
        });
    }

    /// <summary>The program that embeds us owns Ctrl+C.</summary>
    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
