using System.Diagnostics;
using System.Globalization;
using Nitro.Grpc;
using Nitro.Shell.Tests.JsonRpc;
using Xunit;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>The echo service by npm's grpc-js, in a Node.js process of its own.</summary>
internal sealed class NodePeer : IAsyncDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-grpc-js-");
    private readonly TestAuthority _authority = new();
    private readonly Process _process;

    private NodePeer(Transport transport)
    {
        string address = transport == Transport.Unix ? $"unix:{SocketFile}" : "127.0.0.1:0";
        _process = Start("server", address, transport == Transport.Tls ? _authority.Folder : null);
    }

    public GrpcChannel Channel { get; private set; } = null!;

    public CancellationToken Limit => _limit.Token;

    private string SocketFile => Path.Combine(_folder.FullName, "echo.sock");

    /// <summary>Starts a server and opens a channel to it.</summary>
    public static async Task<NodePeer> ServeAsync(Transport transport = Transport.Plain, GrpcChannelOptions? options = null)
    {
        var peer = new NodePeer(transport);
        string line = await peer._process.StandardOutput.ReadLineAsync(peer.Limit) ?? "";
        Assert.True(int.TryParse(line, CultureInfo.InvariantCulture, out int port), $"grpc-js does not serve: {line}");
        string address = transport switch
        {
            Transport.Unix => $"unix://{peer.SocketFile}",
            Transport.Tls => $"https://localhost:{port}",
            _ => $"http://127.0.0.1:{port}",
        };
        peer.Channel = new GrpcChannel(
            new Uri(address), (options ?? new GrpcChannelOptions()) with { Tls = EchoServer.TlsTo(peer._authority) });
        return peer;
    }

    /// <summary>Runs the client against a server and gives back its report.</summary>
    public static async Task<string> CallAsync(Uri address, string? certificates, CancellationToken cancellationToken)
    {
        string target = address.Scheme == "unix" ? $"unix:{address.LocalPath}" : address.Authority;
        using Process client = Start("client", target, certificates);
        Task<string> report = client.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> complaints = client.StandardError.ReadToEndAsync(cancellationToken);
        await client.WaitForExitAsync(cancellationToken);
        Assert.True(client.ExitCode == 0, await complaints);
        return await report;
    }

    public async ValueTask DisposeAsync()
    {
        Channel?.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync(Limit);
        _process.Dispose();
        _authority.Dispose();
        _folder.Delete(recursive: true);
        _limit.Dispose();
    }

    private static Process Start(string role, string address, string? certificates)
    {
        string devnet = Path.Combine(Repository.Root, "tests", "devnet");
        string here = Path.Combine(Repository.Root, "tests", "Shell.Tests", "Grpc");
        Assert.True(Directory.Exists(Path.Combine(devnet, "node_modules", "@grpc", "grpc-js")), $"grpc-js is absent: run 'npm ci' in {devnet}");
        string[] arguments = [Path.Combine(here, "grpc-peer.mjs"), devnet, Path.Combine(here, "echo.proto"), role, address];
        return Process.Start(new ProcessStartInfo("node", certificates is null ? arguments : [.. arguments, certificates])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = role == "client",
        })!;
    }
}
