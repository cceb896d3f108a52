using Nitro.Cli;
using Nitro.Cli.Rpc;
using Xunit;

namespace Nitro.Shell.Tests.Cli;

public sealed class EndpointTests
{
    [Theory]
    [InlineData("127.0.0.1:4005", null, "http://127.0.0.1:4005/api/v1")]
    [InlineData("localhost:4005", "alice", "http://localhost:4005/t/alice/api/v1")]
    [InlineData("https://node.example:4005", null, "https://node.example:4005/api/v1")]
    [InlineData("http://127.0.0.1:4005/t/bob/api/v1", null, "http://127.0.0.1:4005/t/bob/api/v1")]
    [InlineData("[::1]:4005", null, "http://[::1]:4005/api/v1")]
    public void An_endpoint_is_completed(string endpoint, string? tenant, string expected) =>
        Assert.Equal(expected, Endpoint.Api(endpoint, tenant).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("ftp://127.0.0.1:4005")]
    [InlineData("127.0.0.1:notaport")]
    public void What_is_no_endpoint_is_named(string endpoint)
    {
        var problem = Assert.Throws<CliError>(() => Endpoint.Api(endpoint, null));
        Assert.Contains("give host:port", problem.Message, StringComparison.Ordinal);
    }
}
