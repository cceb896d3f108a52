using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Nitro.JsonRpc;

/// <summary>A bare Kestrel for one endpoint: no configuration files, no environment, no signal handlers, HTTP/1.1 only.</summary>
internal static class EndpointHost
{
    public static WebApplication Build(RpcEndpoint endpoint, RpcOptions options, ILoggerFactory loggers, ApiEndpoint api)
    {
        ServerCertificate? certificate = ServerCertificate.Read(endpoint);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            SetLimits(kestrel, options);
            kestrel.Listen(endpoint.Address, endpoint.Port, listen => Shape(listen, certificate, options));
        });

        WebApplication application = builder.Build();
        application.UseWebSockets();
        application.Run(api.ServeAsync);
        return application;
    }

    private static void SetLimits(KestrelServerOptions kestrel, RpcOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.MaxRequestBodySize = null; // bounded where it is read, so that the answer is go-nitro's
        kestrel.Limits.RequestHeadersTimeout = options.ReadTimeout;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
    }

    private static void Shape(ListenOptions listen, ServerCertificate? certificate, RpcOptions options)
    {
        listen.Protocols = HttpProtocols.Http1;
        if (certificate is not null)
        {
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = certificate.Certificate,
                ServerCertificateChain = certificate.Chain,
                HandshakeTimeout = options.ReadTimeout,
            });
        }
    }

    /// <summary>The program that embeds us owns Ctrl+C.</summary>
    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
