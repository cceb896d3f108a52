using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Nitro.Grpc;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>The echo service on one endpoint, and a channel to it.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-grpc-");

    private EchoServer()
    {
    }

    public EchoService Service { get; } = new();

    public TestAuthority Authority { get; } = new();

    public GrpcServer Server { get; private set; } = null!;

    public GrpcChannel Channel { get; private set; } = null!;

    public Uri Address => Server.Addresses[0];

    /// <summary>Ends any wait of a test that hangs.</summary>
    public CancellationToken Limit => _limit.Token;

    public static async Task<EchoServer> StartAsync(
        Transport transport = Transport.Plain, Func<GrpcServerOptions, GrpcServerOptions>? change = null, GrpcChannelOptions? channel = null)
    {
        var echo = new EchoServer();
        var options = new GrpcServerOptions { Endpoints = [echo.Endpoint(transport)] };
        echo.Server = await GrpcServer.StartAsync(change?.Invoke(options) ?? options, echo.Service.Handlers, null, echo.Limit);
        echo.Channel = new GrpcChannel(echo.Address, (channel ?? new GrpcChannelOptions()) with { Tls = TlsTo(echo.Authority) });
        return echo;
    }

    /// <summary>A client that trusts the authority and has its certificate.</summary>
    public static SslClientAuthenticationOptions TlsTo(TestAuthority authority) => new()
    {
        CertificateChainPolicy = authority.Policy,
        ClientCertificates = [authority.Client],
    };

    /// <summary>Returns when no handler runs any more: the status of a call arrives a little before its handler is counted out.</summary>
    public async Task IdleAsync()
    {
        while (Server.RunningCalls > 0)
        {
            Limit.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Service.Release();
        Channel.Dispose();
        await Server.DisposeAsync();
        Authority.Dispose();
        _folder.Delete(recursive: true);
        _limit.Dispose();
    }

    private GrpcEndpoint Endpoint(Transport transport) => transport switch
    {
        Transport.Unix => GrpcEndpoint.Unix(Path.Combine(_folder.FullName, "echo.sock")),
        Transport.Tls => GrpcEndpoint.Tcp(new IPEndPoint(IPAddress.Loopback, 0), new HttpsConnectionAdapterOptions
        {
            ServerCertificate = Authority.Server,
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (certificate, chain, _) =>
            {
                chain!.ChainPolicy = Authority.Policy;
                return chain.Build(certificate);
            },
        }),
        _ => GrpcEndpoint.Tcp(new IPEndPoint(IPAddress.Loopback, 0)),
    };
}
