using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary><c>nitro node --stdio</c>: standard output carries frames and nothing else, in the framing that the client began with.</summary>
public sealed class StdioNodeTests(Lab lab) : IClassFixture<Lab>
{
    private static readonly string[] Requests =
    [
        """{"jsonrpc":"2.0","id":1,"method":"get_address","params":{}}""",
        """{"jsonrpc":"2.0","id":2,"method":"no_such_method","params":{}}""",
        """{"jsonrpc":"2.0","id":3,"method":"get_auth_token","params":{"payload":{"Id":"test"}}}""",
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task StandardOutputCarriesFramesOnly(bool withLength)
    {
        await using var world = await World.BuildAsync(lab, "alice");
        world.WriteConfig();
        await using var process = NodeProcess.Start(["node", "--config", world.ConfigFile, "--stdio", "--log-level", "trace"]);
        foreach (var request in Requests)
        {
            var frame = withLength ? $"Content-Length: {request.Length}\r\n\r\n{request}" : request + "\n";
            await process.Input.WriteAsync(Encoding.ASCII.GetBytes(frame), world.Token);
        }

        await process.Input.FlushAsync(world.Token);
        await Wait.UntilAsync(() => Ids(process.Output, withLength).Count == Requests.Length || process.HasEnded, world.Token);
        process.Input.Close();

        Assert.True(await process.EndAsync(world.Token) == 0, process.Error);
        Assert.Equal([1, 2, 3], Ids(process.Output, withLength));
        Assert.Contains(world["alice"].AddressText[2..], process.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("-32601", process.Output);
        Assert.Contains("answers at", process.Error);
    }

    /// <summary>Its signer has never attached, so it does not know its own address.</summary>
    [Fact]
    public async Task ANodeThatHasNotMetItsSignerAnswersThatItWaits()
    {
        await using var world = await World.BuildAsync(lab, "alice");
        world.Config["signer"] = "remote";
        world.Tenant("alice").Remove("keys");
        world.WriteConfig();
        await using var process = NodeProcess.Start(["node", "--config", world.ConfigFile, "--stdio"]);
        foreach (var method in (string[])["get_address", "version"])
        {
            await process.Input.WriteAsync(
                Encoding.ASCII.GetBytes($$$"""{"jsonrpc":"2.0","id":{{{method.Length}}},"method":"{{{method}}}","params":{"payload":{} } }""" + "\n"), world.Token);
        }

        await process.Input.FlushAsync(world.Token);
        await Wait.UntilAsync(() => Ids(process.Output, withLength: false).Count == 2 || process.HasEnded, world.Token);
        process.Input.Close();

        Assert.True(await process.EndAsync(world.Token) == 0, process.Error);
        Assert.Contains("waiting-for-signer", process.Output);
        Assert.Contains("waiting for signer", process.Error);
    }

    /// <summary>The ids of all whole frames; fails at a byte that belongs to none. What is still on its way is left out.</summary>
    private static List<int> Ids(string output, bool withLength)
    {
        var ids = new List<int>();
        while (output.Length > 0)
        {
            var end = output.IndexOf(withLength ? "\r\n\r\n" : "\n", StringComparison.Ordinal);
            if (end < 0)
            {
                break;
            }

            var body = output[..end];
            var rest = output[(end + (withLength ? 4 : 1))..];
            if (withLength)
            {
                Assert.StartsWith("Content-Length: ", body);
                var length = int.Parse(body["Content-Length: ".Length..].Split("\r\n")[0], CultureInfo.InvariantCulture);
                if (rest.Length < length)
                {
                    break;
                }

                (body, rest) = (rest[..length], rest[length..]);
            }

            var frame = JsonSerializer.Deserialize<JsonElement>(body);
            Assert.Equal("2.0", frame.GetProperty("jsonrpc").GetString());
            ids.Add(frame.GetProperty("id").GetInt32());
            output = rest;
        }

        ids.Sort();
        return ids;
    }
}
