using System.Net;
using Nitro.Grpc;
using Xunit;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>What a server says that cannot start, and the rights of its socket.</summary>
public sealed class SetupTests
{
    [Fact]
    public async Task AnAddressInUse()
    {
        await using EchoServer tcp = await EchoServer.StartAsync();
        await using EchoServer unix = await EchoServer.StartAsync(Transport.Unix);

        await RefusesAsync(GrpcEndpoint.Tcp(new IPEndPoint(IPAddress.Loopback, tcp.Address.Port)), tcp.Limit);
        await RefusesAsync(GrpcEndpoint.Unix(unix.Address.LocalPath), tcp.Limit);
    }

    [Fact]
    public async Task AFileThatIsNoSocketIsLeftAlone()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "precious");

        await RefusesAsync(GrpcEndpoint.Unix(file), CancellationToken.None);

        Assert.Equal("precious", await File.ReadAllTextAsync(file));
        File.Delete(file);
    }

    [Fact]
    public async Task ASocketLeftBehindIsReplacedAndIsItsOwnersAlone()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        DirectoryInfo folder = Directory.CreateTempSubdirectory("nitro-socket-");
        string file = Path.Combine(folder.FullName, "left.sock");
        LeaveBehind(file);

        await using (GrpcServer server = await StartAsync(GrpcEndpoint.Unix(file), limit.Token))
        {
            Assert.Equal(new Uri($"unix://{file}"), server.Addresses.Single());
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task NoEndpointIsNoServer() =>
        await Assert.ThrowsAsync<GrpcSetupException>(() => GrpcServer.StartAsync(
            new GrpcServerOptions { Endpoints = [] }, new GrpcHandlers(), null, CancellationToken.None));

    [Fact]
    public async Task SeveralEndpointsServeTheSame()
    {
        await using EchoServer echo = await EchoServer.StartAsync(change: options => options with
        {
            Endpoints = [options.Endpoints[0], GrpcEndpoint.Tcp(new IPEndPoint(IPAddress.Loopback, 0))],
        });
        Assert.Equal(2, echo.Server.Addresses.Distinct().Count());
        foreach (Uri address in echo.Server.Addresses)
        {
            using var channel = new GrpcChannel(address);
            Assert.Equal([1], await OwnCallTests.CountAsync(channel, 1, echo.Limit));
        }
    }

    [Fact]
    public void AMethodIsBoundOnceAndAsWhatItIs()
    {
        GrpcHandlers handlers = new EchoService().Handlers;

        Assert.Throws<ArgumentException>(() => handlers.Unary(EchoService.Say, (note, _) => Task.FromResult(note)));
        Assert.Throws<ArgumentException>(() => handlers.Unary(EchoService.Count, (note, _) => Task.FromResult(note)));
    }

    private static async Task RefusesAsync(GrpcEndpoint endpoint, CancellationToken cancellationToken) =>
        await Assert.ThrowsAsync<GrpcSetupException>(() => StartAsync(endpoint, cancellationToken));

    private static Task<GrpcServer> StartAsync(GrpcEndpoint endpoint, CancellationToken cancellationToken) =>
        GrpcServer.StartAsync(new GrpcServerOptions { Endpoints = [endpoint] }, new EchoService().Handlers, null, cancellationToken);

    /// <summary>As a killed process does: the file stays, nobody listens.</summary>
    private static void LeaveBehind(string file)
    {
        using System.Diagnostics.Process node = System.Diagnostics.Process.Start(
            "node", ["-e", $"require('net').createServer().listen('{file}', () => process.kill(process.pid, 'SIGKILL'))"]);
        node.WaitForExit();
        Assert.True(File.Exists(file));
    }
}
