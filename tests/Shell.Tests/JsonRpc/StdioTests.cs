using Nitro.JsonRpc;
using System.IO.Pipelines;
using System.Text;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>The API over two streams, in both framings.</summary>
public sealed class StdioTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));
    private readonly StandInNode _node = new();
    private readonly Tokens _tokens = Tokens.FromKey(new byte[32]);

    [Fact]
    public async Task LinesAreAnsweredByLines()
    {
        (string output, StdioEnd end) = await RunAsync(
            """
            {"jsonrpc":"2.0","id":1,"method":"get_address"}

            {"jsonrpc":"2.0","id":"two","method":"version","params":{"payload":{}}}
            """);

        Assert.Equal(StdioEnd.EndOfInput, end);
        Assert.Equal(
            ["""{"jsonrpc":"2.0","id":"two","result":{"ok":true}}""", """{"jsonrpc":"2.0","id":1,"result":{"ok":true}}"""],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).OrderByDescending(line => line.Contains("two", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task HeaderedMessagesAreAnsweredWithHeaders()
    {
        string request = """{"jsonrpc":"2.0","id":1,"method":"get_address","params":{"payload":"ü"}}""";
        string framed = $"content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-length:  {Encoding.UTF8.GetByteCount(request)}\r\n\r\n{request}";

        (string output, StdioEnd end) = await RunAsync(framed + framed);

        string reply = """{"jsonrpc":"2.0","id":1,"result":{"ok":true}}""";
        string expected = $"Content-Length: {reply.Length}\r\n\r\n{reply}";
        Assert.Equal((expected + expected, StdioEnd.EndOfInput), (output, end));
        Assert.All(_node.Calls, call => Assert.Equal("\"ü\"", call.Payload));
    }

    [Theory]
    [InlineData("not json\n", -32700)]
    [InlineData("not json", -32700)]
    [InlineData("[]\n", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"method\":\"pay\"}\n", -32600)]
    [InlineData("Content-Length: 3\r\n\r\n{]}", -32700)]
    [InlineData("Content-Length: 30\r\n\r\n{}", -32700)]
    [InlineData("Content-Length: x\r\n\r\n{}", -32700)]
    [InlineData("Content-Length: -1\r\n\r\n{}", -32700)]
    [InlineData("Content-Type: x\r\n\r\n{}", -32700)]
    [InlineData("Content-Length", -32700)]
    [InlineData("Content\r\n", -32700)]
    public async Task UnparsableInputIsAnsweredUnderTheIdNull(string input, int code)
    {
        (string output, StdioEnd end) = await RunAsync(input);

        string reply = output[output.IndexOf('{', StringComparison.Ordinal)..];
        Assert.StartsWith("""{"jsonrpc":"2.0","id":null,"error":""", reply, StringComparison.Ordinal);
        Assert.Equal((code, StdioEnd.EndOfInput), (RpcFixture.CodeOf(reply), end));
        Assert.Empty(_node.Calls);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n \n")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}\n")]
    public async Task SilenceAndAClientsOwnCourtesiesAreNotAnswered(string input)
    {
        Assert.Equal(("", StdioEnd.EndOfInput), await RunAsync(input));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AMessageOverTheLimitIsPassedOverAndTheNextIsAnswered(bool headers)
    {
        string large = "{\"a\":\"" + new string('x', 3_000_000) + "\"}";
        string next = """{"jsonrpc":"2.0","id":5,"method":"get_address"}""";
        string input = headers
            ? $"Content-Length: {large.Length}\r\n\r\n{large}Content-Length: {next.Length}\r\n\r\n{next}"
            : $"{large}\n{next}\n";

        (string output, _) = await RunAsync(input);

        Assert.Contains("larger than 1048576 bytes", output, StringComparison.Ordinal);
        Assert.Contains("\"id\":5,\"result\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LineEndsWithinTheNodesJsonDoNotBreakTheFraming()
    {
        _node.Answer = (_, _) => ValueTask.FromResult(new Nitro.Ports.NodeAnswer("{\n  \"a\":\r\n 1 }"u8.ToArray(), null));

        (string output, _) = await RunAsync("""{"jsonrpc":"2.0","id":1,"method":"get_address"}""");

        Assert.Equal("""{"jsonrpc":"2.0","id":1,"result":{   "a":   1 }}""" + "\n", output);
    }

    [Fact]
    public async Task NotificationsHaveNoIdAndStartWithTheFirstByte()
    {
        var input = new Pipe();
        var output = new Pipe();
        Task<StdioEnd> serving = ServeAsync(input.Reader.AsStream(), output.Writer.AsStream());
        Assert.Equal(0, _node.Readers);
        using var reader = new StreamReader(output.Reader.AsStream());
        await input.Writer.WriteAsync(Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","id":1,"method":"get_address"}""" + "\n"), _limit.Token);
        Assert.NotNull(await reader.ReadLineAsync(_limit.Token));

        _node.Publish("objective_completed", "\"VirtualFund-0x1\"");

        Assert.Equal(
            """{"jsonrpc":"2.0","method":"objective_completed","params":{"authtoken":"","payload":"VirtualFund-0x1"}}""",
            await reader.ReadLineAsync(_limit.Token));
        await input.Writer.CompleteAsync();
        Assert.Equal(StdioEnd.EndOfInput, await serving);
        Assert.Equal(0, _node.Readers);
    }

    [Fact]
    public async Task AClientThatStopsReadingEndsItsSessionOnly()
    {
        var input = new Pipe();
        var output = new Pipe(); // holds 64 KiB, then its writer waits
        Task<StdioEnd> serving = ServeAsync(input.Reader.AsStream(), output.Writer.AsStream(), new RpcOptions { SubscriberQueue = 10 });
        await input.Writer.WriteAsync(Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","id":1,"method":"get_address"}""" + "\n"), _limit.Token);
        await output.Reader.ReadAtLeastAsync(10, _limit.Token);

        for (int sent = 0; sent < 200; sent++)
        {
            _node.Publish("objective_completed", $"\"{new string('x', 10_000)}\"");
        }

        Assert.Equal(StdioEnd.ClientTooSlow, await serving);
    }

    [Fact]
    public async Task StoppingEndsASessionWhoseInputStaysOpen()
    {
        using var stop = new CancellationTokenSource();
        var input = new Pipe();
        Task<StdioEnd> silent = new StdioServer(new RpcTenant("a", _node, _tokens), new RpcOptions())
            .RunAsync(new Pipe().Reader.AsStream(), Stream.Null, stop.Token);
        Task<StdioEnd> talking = new StdioServer(new RpcTenant("a", _node, _tokens), new RpcOptions())
            .RunAsync(input.Reader.AsStream(), Stream.Null, stop.Token);
        await input.Writer.WriteAsync("{"u8.ToArray(), _limit.Token);

        await stop.CancelAsync();

        Assert.Equal((StdioEnd.Stopped, StdioEnd.Stopped), (await silent, await talking));
    }

    public void Dispose() => _limit.Dispose();

    private async Task<(string Output, StdioEnd End)> RunAsync(string input)
    {
        var output = new MemoryStream();
        StdioEnd end = await ServeAsync(new MemoryStream(Encoding.UTF8.GetBytes(input)), output);
        return (Encoding.UTF8.GetString(output.ToArray()), end);
    }

    private Task<StdioEnd> ServeAsync(Stream input, Stream output, RpcOptions? options = null) =>
        new StdioServer(new RpcTenant("alice", _node, _tokens), options ?? new RpcOptions()).RunAsync(input, output, _limit.Token);
}
