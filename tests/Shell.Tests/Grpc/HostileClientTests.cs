using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using Nitro.Grpc;
using Nitro.Shell.Tests.Grpc.Messages;
using Xunit;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>Bytes that no gRPC client sends: each ends in a clear answer, and the server serves on.</summary>
public sealed class HostileClientTests
{
    private static readonly byte[] Good = RawClient.Frame(new Note { Text = "x" });

    public static TheoryData<string, string, byte[]> BrokenBodies => new()
    {
        { "no message", "13", [] },
        { "a prefix cut off", "13", [0, 0, 0] },
        { "a message cut off", "13", RawClient.Frame(0, [10, 1, 120], 100) },
        { "a length over the limit", "8", RawClient.Frame(0, [1], (4 * 1024 * 1024) + 1) },
        { "the greatest length", "8", RawClient.Frame(0, [1], uint.MaxValue) },
        { "the flag 2", "13", RawClient.Frame(2, [10, 1, 120]) },
        { "garbage", "13", RawClient.Frame(0, [255, 255, 255, 255, 255]) },
        { "two messages for one", "13", [.. Good, .. Good] },
        { "a message and a half", "13", [.. Good, 0, 0] },
        { "compressed without an encoding", "13", RawClient.Frame(1, Packed(10)) },
    };

    [Theory]
    [MemberData(nameof(BrokenBodies))]
    public async Task ABrokenBodyIsAStatus(string what, string status, byte[] body)
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using var raw = new RawClient(echo.Address);

        RawAnswer answer = await raw.PostAsync(EchoService.Say.Path, body, echo.Limit);
        RawAnswer streamed = await raw.PostAsync(EchoService.Count.Path, body, echo.Limit);

        Assert.True((answer.Http, answer.GrpcStatus, answer.IsTrailersOnly) == (HttpStatusCode.OK, status, true), $"{what}: {answer}");
        Assert.Equal(status, streamed.GrpcStatus);
        await ServesOnAsync(echo);
    }

    [Theory]
    [InlineData("a zip that is none", "13", 0)]
    [InlineData("a zip cut off", "13", 1)]
    [InlineData("a zip that unpacks to too much", "8", 2)]
    public async Task ABrokenZipIsAStatus(string what, string status, int kind)
    {
        byte[][] bodies = [[1, 2, 3, 4], Packed(1000)[..^12], Packed(5 * 1024 * 1024)];
        await using EchoServer echo = await EchoServer.StartAsync();
        using var raw = new RawClient(echo.Address);

        RawAnswer answer = await raw.PostAsync(EchoService.Say.Path, RawClient.Frame(1, bodies[kind]), echo.Limit, ("grpc-encoding", "gzip"));

        Assert.True(answer.GrpcStatus == status, $"{what}: {answer}");
        await ServesOnAsync(echo);
    }

    [Theory]
    [InlineData("grpc-encoding", "snappy", "12")]
    [InlineData("grpc-timeout", "5 minutes", "13")]
    [InlineData("grpc-timeout", "123456789m", "13")]
    [InlineData("x-raw-bin", "*", "13")]
    [InlineData("grpc-encoding", "identity", "0")]
    [InlineData("grpc-timeout", "99999999H", "0")]
    [InlineData("x-raw-bin", "AAH+/w==", "0")]
    [InlineData("content-type", "application/grpc; charset=utf-8", "0")]
    public async Task AHeaderIsJudged(string name, string value, string status)
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using var raw = new RawClient(echo.Address);

        RawAnswer answer = await raw.PostAsync(EchoService.Say.Path, Good, echo.Limit, (name, value));

        Assert.Equal((HttpStatusCode.OK, status), (answer.Http, answer.GrpcStatus));
        Assert.Equal(status == "0" ? Good : [], answer.Body);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web+proto")]
    [InlineData("application/grpc+json")]
    public async Task AnotherContentTypeIsHttps415(string contentType)
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using var raw = new RawClient(echo.Address);

        RawAnswer answer = await raw.PostAsync(EchoService.Say.Path, Good, echo.Limit, ("content-type", contentType));

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, null), (answer.Http, answer.GrpcStatus));
    }

    [Fact]
    public async Task AnotherMethodOrPathIsRefused()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using var raw = new RawClient(echo.Address);

        RawAnswer put = await raw.SendAsync(HttpMethod.Put, EchoService.Say.Path, new ByteArrayContent(Good), echo.Limit);
        RawAnswer elsewhere = await raw.PostAsync("/nitro.test.Echo/say", Good, echo.Limit);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, put.Http);
        Assert.Equal((HttpStatusCode.OK, "12", true), (elsewhere.Http, elsewhere.GrpcStatus, elsewhere.IsTrailersOnly));
    }

    [Fact]
    public async Task ARequestThatNeverArrivesIsGivenUp()
    {
        await using EchoServer echo = await EchoServer.StartAsync(
            change: options => options with { RequestTimeout = TimeSpan.FromMilliseconds(100) });
        using var raw = new RawClient(echo.Address);

        RawAnswer half = await raw.SendAsync(HttpMethod.Post, EchoService.Say.Path, new EndlessContent(Good[..6]), echo.Limit);
        RawAnswer openEnd = await raw.SendAsync(HttpMethod.Post, EchoService.Say.Path, new EndlessContent(Good), echo.Limit);

        Assert.Equal(("4", "4"), (half.GrpcStatus, openEnd.GrpcStatus));
        await ServesOnAsync(echo);
    }

    [Fact]
    public async Task TooMuchMetadataIsRefused()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        var metadata = new GrpcMetadata();
        metadata.Add("x-long", new string('x', 64 * 1024));

        await OwnCallTests.FailsAsync(() =>
            echo.Channel.UnaryAsync(EchoService.Say, new Note(), new GrpcCallOptions { Metadata = metadata }, echo.Limit));

        await ServesOnAsync(echo);
    }

    [Theory]
    [InlineData("no HTTP/2", "GET / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("the preface and garbage", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f")]
    public async Task AConnectionOfGarbageIsClosed(string what, string bytes)
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using var connection = new TcpClient();
        await connection.ConnectAsync(echo.Address.Host, echo.Address.Port, echo.Limit);
        NetworkStream stream = connection.GetStream();

        await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(bytes), echo.Limit);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer, echo.Limit); // returns when the server closes

        Assert.True(answer.Length < 1024, what);
        await ServesOnAsync(echo);
    }

    private static byte[] Packed(int length)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(new byte[length]);
        }

        return packed.ToArray();
    }

    private static async Task ServesOnAsync(EchoServer echo)
    {
        await echo.IdleAsync();
        Note answer = await echo.Channel.UnaryAsync(EchoService.Say, new Note { Number = 3 }, null, echo.Limit);
        Assert.Equal(3, answer.Number);
    }
}
