using Google.Protobuf;
using Nitro.Grpc;
using Nitro.Shell.Tests.Grpc.Messages;
using Xunit;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>Our client calls the server of npm's grpc-js.</summary>
public sealed class NodeServerTests
{
    private const int MiB = 1024 * 1024;

    [Theory]
    [InlineData(Transport.Plain, "")]
    [InlineData(Transport.Tls, "client")]
    [InlineData(Transport.Unix, "")]
    public async Task AllFourKinds(Transport transport, string who)
    {
        await using NodePeer peer = await NodePeer.ServeAsync(transport);

        Note said = await peer.Channel.UnaryAsync(EchoService.Say, new Note { Text = "héllo", Number = -7 }, null, peer.Limit);
        Note caller = await peer.Channel.UnaryAsync(EchoService.Say, new Note { Text = "who" }, null, peer.Limit);
        Note gathered = await OwnCallTests.GatherAsync(peer.Channel, 100, peer.Limit);
        List<int> counted = await OwnCallTests.CountAsync(peer.Channel, 5, peer.Limit);
        List<int> chatted = await OwnCallTests.ChatAsync(peer.Channel, 4, peer.Limit);

        Assert.Equal(new Note { Text = "héllo", Number = -7 }, said);
        Assert.Equal(who, caller.Text);
        Assert.Equal((5050, 100), (gathered.Number, gathered.Text.Length));
        Assert.Equal([1, 2, 3, 4, 5], counted);
        Assert.Equal([1, 2, 3, 4], chatted);
    }

    [Fact]
    public async Task MetadataGoesBothWays()
    {
        await using NodePeer peer = await NodePeer.ServeAsync();
        using GrpcCall<Note, Note> call = peer.Channel.Start(
            EchoService.Say, new Note { Text = "meta" }, new GrpcCallOptions { Metadata = OwnCallTests.Metadata() }, peer.Limit);

        GrpcMetadata headers = await call.HeadersAsync(peer.Limit);
        await call.SingleAsync(peer.Limit);

        Assert.Equal(OwnCallTests.Joined, OwnCallTests.Texts(headers).Order(StringComparer.Ordinal));
        Assert.Equal(OwnCallTests.Joined, OwnCallTests.Texts(call.Trailers).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AStatusComesWithItsMessageAndTrailers()
    {
        await using NodePeer peer = await NodePeer.ServeAsync();

        GrpcException failed = await OwnCallTests.FailsAsync(() =>
            peer.Channel.UnaryAsync(EchoService.Say, new Note { Text = "fail", Number = 9 }, null, peer.Limit));
        var received = new List<int>();
        GrpcException later = await OwnCallTests.FailsAsync(async () =>
        {
            await foreach (Note note in peer.Channel.ServerStreamAsync(EchoService.Count, new Note { Text = "fail", Number = 2 }, null, peer.Limit))
            {
                received.Add(note.Number);
            }
        });

        foreach (GrpcException each in new[] { failed, later })
        {
            Assert.Equal((GrpcStatusCode.FailedPrecondition, EchoService.Message), (each.Code, each.Message));
            Assert.Equal("because", each.Trailers.Find("x-why")?.Value);
            Assert.Equal([0, 255, 7], each.Trailers.Find("x-why-bin")?.Bytes.ToArray());
        }

        Assert.Equal([1, 2], received);
    }

    [Fact]
    public async Task AMethodThatIsNotThere()
    {
        await using NodePeer peer = await NodePeer.ServeAsync();
        var method = new GrpcMethod<Note, Note>("nitro.test.Echo", "Nothing", GrpcMethodKind.Unary);

        GrpcException failed = await OwnCallTests.FailsAsync(() => peer.Channel.UnaryAsync(method, new Note(), null, peer.Limit));

        Assert.Equal(GrpcStatusCode.Unimplemented, failed.Code);
    }

    [Fact]
    public async Task MessagesUpToTheLimitsAndNoFurther()
    {
        await using NodePeer peer = await NodePeer.ServeAsync(options: new GrpcChannelOptions { MaxSendBytes = 8 * MiB });

        Note back = await peer.Channel.UnaryAsync(EchoService.Say, OwnCallTests.Sized(3 * MiB), null, peer.Limit);
        GrpcException tooLongForUs = await OwnCallTests.FailsAsync(() =>
            peer.Channel.UnaryAsync(EchoService.Say, new Note { Text = "make", Number = 5 * MiB }, null, peer.Limit));
        GrpcException tooLongForThem = await OwnCallTests.FailsAsync(() =>
            peer.Channel.UnaryAsync(EchoService.Say, OwnCallTests.Sized(5 * MiB), null, peer.Limit));

        Assert.Equal(3 * MiB, back.Body.Length);
        Assert.Equal((GrpcStatusCode.ResourceExhausted, GrpcStatusCode.ResourceExhausted), (tooLongForUs.Code, tooLongForThem.Code));
    }

    [Fact]
    public async Task TheDeadlineAndGivingUpReachTheServer()
    {
        await using NodePeer peer = await NodePeer.ServeAsync();
        using GrpcCall<Note, Note> watch = peer.Channel.Start(EchoService.Count, new Note { Text = "watch" }, null, peer.Limit);
        Assert.Equal("watching", (await watch.ReadAsync(peer.Limit))?.Text);

        GrpcException late = await OwnCallTests.FailsAsync(() => peer.Channel.UnaryAsync(
            EchoService.Say, new Note { Text = "wait" }, new GrpcCallOptions { Timeout = TimeSpan.FromMilliseconds(200) }, peer.Limit));
        Assert.Equal(GrpcStatusCode.DeadlineExceeded, late.Code);
        Assert.Equal("started", (await watch.ReadAsync(peer.Limit))?.Text);
        Assert.Equal("cancelled", (await watch.ReadAsync(peer.Limit))?.Text);

        using var giveUp = new CancellationTokenSource();
        Task<Note> waiting = peer.Channel.UnaryAsync(EchoService.Say, new Note { Text = "wait" }, null, giveUp.Token);
        Assert.Equal("started", (await watch.ReadAsync(peer.Limit))?.Text);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal("cancelled", (await watch.ReadAsync(peer.Limit))?.Text);
    }

    [Fact]
    public async Task AServerThatDiesIsUnavailable()
    {
        await using NodePeer peer = await NodePeer.ServeAsync();

        GrpcException gone = await OwnCallTests.FailsAsync(() =>
            peer.Channel.UnaryAsync(EchoService.Say, new Note { Text = "vanish" }, null, peer.Limit));
        GrpcException absent = await OwnCallTests.FailsAsync(() =>
            peer.Channel.UnaryAsync(EchoService.Say, new Note(), null, peer.Limit));

        Assert.Equal((GrpcStatusCode.Unavailable, GrpcStatusCode.Unavailable), (gone.Code, absent.Code));
    }

    [Fact]
    public async Task AServerThatEndsEarlyTellsTheWriterWhy()
    {
        await using NodePeer peer = await NodePeer.ServeAsync();
        using GrpcCall<Note, Note> call = peer.Channel.Start(EchoService.Gather, null, peer.Limit);
        await call.WriteAsync(new Note { Text = "fail", Number = 3 }, peer.Limit);

        GrpcException refused = await OwnCallTests.FailsAsync(async () =>
        {
            while (true)
            {
                await call.WriteAsync(new Note { Body = ByteString.CopyFrom(new byte[1024]) }, peer.Limit);
            }
        });
        GrpcException told = await OwnCallTests.FailsAsync(() => call.SingleAsync(peer.Limit));

        Assert.Equal((GrpcStatusCode.InvalidArgument, EchoService.Message), (refused.Code, refused.Message));
        Assert.Equal((GrpcStatusCode.InvalidArgument, EchoService.Message), (told.Code, told.Message));
    }
}
