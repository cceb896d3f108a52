using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Nitro.Grpc;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>An HTTP/2 server that answers as a test likes, and a channel to it.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private readonly WebApplication _application;

    private RawServer(WebApplication application) => _application = application;

    public GrpcChannel Channel { get; private set; } = null!;

    public CancellationToken Limit => _limit.Token;

    public static async Task<RawServer> StartAsync(RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        WebApplication application = builder.Build();
        application.Run(answer);
        var server = new RawServer(application);
        await application.StartAsync(server.Limit);
        server.Channel = new GrpcChannel(new Uri(application.Urls.Single()));
        return server;
    }

    /// <summary>Answers with a body as gRPC, and a status behind it if there is one.</summary>
    public static Task<RawServer> StartAsync(byte[] body, string? status, string? encoding = null) => StartAsync(async http =>
    {
        http.Response.ContentType = "application/grpc";
        if (encoding is not null)
        {
            http.Response.Headers["grpc-encoding"] = encoding;
        }

        await http.Response.Body.WriteAsync(body, http.RequestAborted);
        if (status is not null)
        {
            http.Response.AppendTrailer("grpc-status", status);
        }
    });

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _application.DisposeAsync();
        _limit.Dispose();
    }
}
