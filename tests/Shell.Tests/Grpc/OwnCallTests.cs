using Google.Protobuf;
using Nitro.Grpc;
using Nitro.Shell.Tests.Grpc.Messages;
using Xunit;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>Our client and our server with each other.</summary>
public sealed class OwnCallTests
{
    private const int MiB = 1024 * 1024;

    [Theory]
    [InlineData(Transport.Plain, " from 127.0.0.1")]
    [InlineData(Transport.Tls, "CN=client from 127.0.0.1")]
    [InlineData(Transport.Unix, " from ")]
    public async Task AllFourKinds(Transport transport, string who)
    {
        await using EchoServer echo = await EchoServer.StartAsync(transport);

        Note said = await echo.Channel.UnaryAsync(EchoService.Say, Sized(3 * MiB), null, echo.Limit);
        Note caller = await echo.Channel.UnaryAsync(EchoService.Say, new Note { Text = "who" }, null, echo.Limit);
        Note gathered = await GatherAsync(echo.Channel, 100, echo.Limit);

        Assert.Equal((3 * MiB, who), (said.Body.Length, caller.Text));
        Assert.Equal((5050, 100), (gathered.Number, gathered.Text.Length));
        Assert.Equal([1, 2, 3, 4, 5], await CountAsync(echo.Channel, 5, echo.Limit));
        Assert.Empty(await CountAsync(echo.Channel, 0, echo.Limit));
        Assert.Equal([1, 2, 3, 4], await ChatAsync(echo.Channel, 4, echo.Limit));
        await echo.IdleAsync();
    }

    [Fact]
    public async Task AThousandCallsAtOnceLeaveNothingBehind()
    {
        await using EchoServer echo = await EchoServer.StartAsync();

        Note[] answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(number =>
            echo.Channel.UnaryAsync(EchoService.Say, new Note { Number = number }, null, echo.Limit)));

        Assert.Equal(Enumerable.Range(0, 1000), answers.Select(answer => answer.Number));
        await echo.IdleAsync();
    }

    [Fact]
    public async Task MetadataGoesBothWays()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using GrpcCall<Note, Note> call = echo.Channel.Start(
            EchoService.Say, new Note { Text = "meta" }, new GrpcCallOptions { Metadata = Metadata() }, echo.Limit);

        GrpcMetadata headers = await call.HeadersAsync(echo.Limit);
        Assert.Throws<InvalidOperationException>(() => call.Trailers);
        await call.SingleAsync(echo.Limit);

        Assert.Equal(Joined, Texts(headers).Order(StringComparer.Ordinal));
        Assert.Equal(Joined, Texts(call.Trailers).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task HeadersCanComeLongBeforeTheFirstResponse()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using GrpcCall<Note, Note> call = echo.Channel.Start(
            EchoService.Count, new Note { Text = "headers" }, new GrpcCallOptions { Metadata = Metadata() }, echo.Limit);

        Assert.Equal("one,two, three", (await call.HeadersAsync(echo.Limit)).Find("X-Text")?.Value);
    }

    [Theory]
    [InlineData("fail", GrpcStatusCode.NotFound, EchoService.Message)]
    [InlineData("throw", GrpcStatusCode.Unknown, "The handler failed; the server's log tells why.")]
    public async Task AHandlersFailureIsAStatus(string text, GrpcStatusCode code, string message)
    {
        await using EchoServer echo = await EchoServer.StartAsync();

        GrpcException failed = await FailsAsync(() =>
            echo.Channel.UnaryAsync(EchoService.Say, new Note { Text = text, Number = 5 }, null, echo.Limit));

        Assert.Equal((code, message), (failed.Code, failed.Message));
        await echo.IdleAsync();
    }

    [Fact]
    public async Task AFailureBehindResponsesComesAfterThem()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using GrpcCall<Note, Note> call = echo.Channel.Start(EchoService.Count, new Note { Text = "fail", Number = 1 }, null, echo.Limit);

        Assert.Equal(1, (await call.ReadAsync(echo.Limit))?.Number);
        GrpcException failed = await FailsAsync(() => call.ReadAsync(echo.Limit));
        GrpcException again = await FailsAsync(() => call.ReadAsync(echo.Limit));

        Assert.Equal((GrpcStatusCode.FailedPrecondition, GrpcStatusCode.FailedPrecondition), (failed.Code, again.Code));
        Assert.Equal("because", call.Trailers.Find("x-why")?.Value);
    }

    [Fact]
    public async Task ASizeIsBoundedOnEachSideAndTheConnectionLives()
    {
        await using EchoServer echo = await EchoServer.StartAsync(
            change: options => options with { MaxReceiveBytes = 2 * MiB, MaxSendBytes = 2 * MiB },
            channel: new GrpcChannelOptions { MaxReceiveBytes = MiB, MaxSendBytes = 3 * MiB });

        GrpcStatusCode notSent = (await FailsAsync(() => echo.Channel.UnaryAsync(EchoService.Say, Sized(4 * MiB), null, echo.Limit))).Code;
        GrpcStatusCode notTaken = (await FailsAsync(() => echo.Channel.UnaryAsync(EchoService.Say, Sized((2 * MiB) + 1), null, echo.Limit))).Code;
        GrpcStatusCode notAnswered = (await FailsAsync(() => echo.Channel.UnaryAsync(
            EchoService.Say, new Note { Text = "make", Number = (2 * MiB) + 1 }, null, echo.Limit))).Code;
        GrpcStatusCode notHeard = (await FailsAsync(() => echo.Channel.UnaryAsync(
            EchoService.Say, new Note { Text = "make", Number = MiB + 1 }, null, echo.Limit))).Code;
        Note fine = await echo.Channel.UnaryAsync(EchoService.Say, new Note { Number = 1 }, null, echo.Limit);

        Assert.All([notSent, notTaken, notAnswered, notHeard], code => Assert.Equal(GrpcStatusCode.ResourceExhausted, code));
        Assert.Equal(1, fine.Number);
        await echo.IdleAsync();
    }

    [Fact]
    public async Task AServerWithoutOurTrustIsUnavailable()
    {
        await using EchoServer echo = await EchoServer.StartAsync(Transport.Tls);
        using var other = new TestAuthority();
        using var stranger = new GrpcChannel(echo.Address, new GrpcChannelOptions { Tls = EchoServer.TlsTo(other) });

        GrpcException refused = await FailsAsync(() => stranger.UnaryAsync(EchoService.Say, new Note(), null, echo.Limit));

        Assert.Equal(GrpcStatusCode.Unavailable, refused.Code);
    }

    [Fact]
    public async Task AClientWithoutTheServersTrustIsUnavailable()
    {
        await using EchoServer echo = await EchoServer.StartAsync(Transport.Tls);
        using var other = new TestAuthority();
        var tls = new System.Net.Security.SslClientAuthenticationOptions
        {
            CertificateChainPolicy = echo.Authority.Policy,
            ClientCertificates = [other.Client],
        };
        using var stranger = new GrpcChannel(echo.Address, new GrpcChannelOptions { Tls = tls });

        GrpcException refused = await FailsAsync(() => stranger.UnaryAsync(EchoService.Say, new Note(), null, echo.Limit));

        Assert.Equal(GrpcStatusCode.Unavailable, refused.Code);
    }

    /// <summary><see cref="Metadata"/> as it arrives: the client joins what has the same name.</summary>
    internal static string[] Joined { get; } = ["x-raw-bin=", "x-raw-bin=0001FEFF", "x-text=one,two, three"];

    internal static Note Sized(int bytes) => new() { Body = ByteString.CopyFrom(new byte[bytes]) };

    internal static GrpcMetadata Metadata()
    {
        var metadata = new GrpcMetadata();
        metadata.Add("X-Text", "one");
        metadata.Add("x-text", "two, three");
        metadata.Add("x-raw-bin", [0, 1, 254, 255]);
        metadata.Add("x-raw-bin", []);
        return metadata;
    }

    internal static IEnumerable<string> Texts(GrpcMetadata metadata) =>
        metadata.Select(entry => $"{entry.Key}={(entry.Key.EndsWith("-bin", StringComparison.Ordinal) ? Convert.ToHexString(entry.Bytes.Span) : entry.Value)}");

    internal static Task<GrpcException> FailsAsync(Func<Task> call) => Assert.ThrowsAsync<GrpcException>(call);

    internal static async Task<Note> GatherAsync(GrpcChannel channel, int count, CancellationToken cancellationToken)
    {
        using GrpcCall<Note, Note> call = channel.Start(EchoService.Gather, null, cancellationToken);
        for (int number = 1; number <= count; number++)
        {
            await call.WriteAsync(new Note { Text = "x", Number = number }, cancellationToken);
        }

        await call.CompleteAsync(cancellationToken);
        return await call.SingleAsync(cancellationToken);
    }

    internal static async Task<List<int>> CountAsync(GrpcChannel channel, int count, CancellationToken cancellationToken)
    {
        var numbers = new List<int>();
        await foreach (Note note in channel.ServerStreamAsync(EchoService.Count, new Note { Number = count }, null, cancellationToken))
        {
            numbers.Add(note.Number);
        }

        return numbers;
    }

    /// <summary>Each answer is awaited before the next is asked for.</summary>
    internal static async Task<List<int>> ChatAsync(GrpcChannel channel, int count, CancellationToken cancellationToken)
    {
        using GrpcCall<Note, Note> call = channel.Start(EchoService.Chat, null, cancellationToken);
        var numbers = new List<int>();
        for (int number = 1; number <= count; number++)
        {
            await call.WriteAsync(new Note { Number = number }, cancellationToken);
            numbers.Add((await call.ReadAsync(cancellationToken))?.Number ?? 0);
        }

        await call.CompleteAsync(cancellationToken);
        Assert.Null(await call.ReadAsync(cancellationToken));
        return numbers;
    }
}
