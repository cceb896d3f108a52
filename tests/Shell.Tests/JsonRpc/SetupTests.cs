using Nitro.JsonRpc;
using System.Net;
using System.Text;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>Tenants on endpoints, key files, and settings that must not start.</summary>
public sealed class SetupTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-rpc-");

    private string KeyFile => Path.Combine(_folder.FullName, "rpc.key");

    [Fact]
    public async Task TenantsShareAnEndpointOrHaveTheirOwnAndKeepTheirTokensApart()
    {
        (StandInNode a, StandInNode b, StandInNode c) = (new(), new(), new());
        Tokens[] tokens = [.. Enumerable.Range(1, 3).Select(seed => Tokens.FromKey(Enumerable.Repeat((byte)seed, 32).ToArray()))];
        await using RpcServer server = await RpcServer.StartAsync(
            new RpcOptions { Endpoint = RpcFixture.AnyPort },
            [
                new RpcTenant("a", a, tokens[0]),
                new RpcTenant("b", b, tokens[1]),
                new RpcTenant("c", c, tokens[2], new RpcEndpoint(IPAddress.IPv6Loopback, 0)),
            ],
            null,
            CancellationToken.None);
        Dictionary<string, Uri> addresses = server.Addresses.ToDictionary(address => address.Tenant, address => address.Api);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        async Task<HttpResponseMessage> PostAsync(Uri api, Tokens by) => await http.PostAsync(api, new StringContent(
            $$$"""{"jsonrpc":"2.0","id":1,"method":"pay","params":{"authtoken":"{{{by.Issue("")}}}"}}"""));

        Assert.Equal(("/t/a/api/v1", "/t/b/api/v1", "/api/v1"), (addresses["a"].AbsolutePath, addresses["b"].AbsolutePath, addresses["c"].AbsolutePath));
        await PostAsync(addresses["a"], tokens[0]);
        await PostAsync(addresses["c"], tokens[2]);
        string refused = await (await PostAsync(addresses["b"], tokens[0])).Content.ReadAsStringAsync();
        HttpResponseMessage nobody = await PostAsync(new Uri(addresses["a"], "/api/v1"), tokens[0]);

        Assert.Equal((1, 0, 1), (a.Calls.Count, b.Calls.Count, c.Calls.Count));
        Assert.Equal((-32008, HttpStatusCode.NotFound), (RpcFixture.CodeOf(refused), nobody.StatusCode));
    }

    [Fact]
    public void AKeyFileIsMadeOnceForItsOwnerOnly()
    {
        byte[] made = TokenKeyFile.LoadOrCreate(KeyFile);

        Assert.Equal(32, made.Length);
        Assert.NotEqual(new byte[32], made);
        Assert.Equal(made, TokenKeyFile.LoadOrCreate(KeyFile));
        Assert.True(Tokens.FromKeyFile(KeyFile).IsSecret(File.ReadAllText(KeyFile)));
        Assert.Equal([KeyFile], Directory.GetFiles(_folder.FullName));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(KeyFile) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public void AKeyFileOthersCanReadIsRefused()
    {
        TokenKeyFile.LoadOrCreate(KeyFile);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            Assert.Contains("chmod 600", Assert.Throws<RpcSetupException>(() => TokenKeyFile.LoadOrCreate(KeyFile)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000")]
    public void AKeyFileThatHoldsNoKeyIsRefused(string text)
    {
        TokenKeyFile.LoadOrCreate(KeyFile);
        File.WriteAllText(KeyFile, text);

        Assert.Throws<RpcSetupException>(() => TokenKeyFile.LoadOrCreate(KeyFile));
    }

    [Fact]
    public void AKeyFileThatCannotBeMadeIsExplained()
    {
        string folder = Path.Combine(_folder.FullName, "a-file");
        File.WriteAllText(folder, "");
        string path = Path.Combine(folder, "rpc.key");

        Assert.Contains(folder, Assert.Throws<RpcSetupException>(() => TokenKeyFile.LoadOrCreate(path)).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, bool, bool, string> Unsafe => new()
    {
        { "0.0.0.0", false, false, "a" },
        { "0.0.0.0", true, true, "a" },
        { "127.0.0.1", false, true, "a" },
        { "127.0.0.1", false, false, "A/b" },
        { "127.0.0.1", false, false, "" },
    };

    [Theory]
    [MemberData(nameof(Unsafe))]
    public async Task UnsafeSettingsDoNotStart(string address, bool goNitro, bool publicKey, string name)
    {
        var options = new RpcOptions { Endpoint = new RpcEndpoint(IPAddress.Parse(address), 0), GoNitro = goNitro };
        Tokens tokens = publicKey ? Tokens.GoNitro() : Tokens.FromKey(new byte[32]);

        await Assert.ThrowsAsync<RpcSetupException>(
            () => RpcServer.StartAsync(options, [new RpcTenant(name, new StandInNode(), tokens)], null, CancellationToken.None));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("null")]
    public async Task OriginsThatMeanEverybodyDoNotStart(string origin)
    {
        var options = new RpcOptions { Endpoint = RpcFixture.AnyPort, Origins = [origin] };

        await Assert.ThrowsAsync<RpcSetupException>(() => RpcFixture.StartAsync(options));
    }

    [Fact]
    public async Task ATakenPortAndAnAbsentCertificateAreExplained()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        var taken = new RpcEndpoint(IPAddress.Loopback, rpc.Api.Port);
        var uncertified = new RpcEndpoint(IPAddress.Loopback, 0, KeyFile + ".pem", KeyFile);
        var half = new RpcEndpoint(IPAddress.Loopback, 0, KeyFile + ".pem");

        foreach (RpcEndpoint endpoint in new[] { taken, uncertified, half })
        {
            await Assert.ThrowsAsync<RpcSetupException>(() => RpcFixture.StartAsync(new RpcOptions { Endpoint = endpoint }));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
