using System.Net;
using System.Net.Sockets;
using Nitro.Grpc;
using Nitro.Shell.Tests.Grpc.Messages;
using Xunit;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>Calls that end before they are done: cancelled, late, left by one side or the other.</summary>
public sealed class CallLifeTests
{
    private static readonly Note Wait = new() { Text = "wait" };
    private static readonly GrpcCallOptions Short = new() { Timeout = TimeSpan.FromMilliseconds(100) };

    [Fact]
    public async Task CancellingReachesTheHandler()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using var giveUp = new CancellationTokenSource();
        Task<Note> call = echo.Channel.UnaryAsync(EchoService.Say, Wait, null, giveUp.Token);
        await echo.Service.Started.WaitAsync(echo.Limit);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await echo.Service.Cancelled.WaitAsync(echo.Limit);
        await echo.IdleAsync();
    }

    [Fact]
    public async Task WhoeverStopsReadingCancels()
    {
        await using EchoServer echo = await EchoServer.StartAsync();

        await foreach (Note note in echo.Channel.ServerStreamAsync(EchoService.Count, new Note { Text = "forever" }, null, echo.Limit))
        {
            Assert.Equal("forever", note.Text);
            break;
        }

        await echo.Service.Cancelled.WaitAsync(echo.Limit);
        await echo.IdleAsync();
    }

    [Fact]
    public async Task ACancelledStreamOfRequestsIsNeverTakenForWhole()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        GrpcCall<Note, Note> call = echo.Channel.Start(EchoService.Chat, null, echo.Limit);
        await call.WriteAsync(new Note { Number = 1 }, echo.Limit);
        Assert.Equal(1, (await call.ReadAsync(echo.Limit))?.Number);

        call.Dispose();

        await echo.Service.Cancelled.WaitAsync(echo.Limit);
        await echo.IdleAsync();
    }

    [Fact]
    public async Task CancellingAWaitingWriteOrReadCancelsTheCall()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using GrpcCall<Note, Note> call = echo.Channel.Start(EchoService.Chat, null, echo.Limit);
        using var giveUp = new CancellationTokenSource();
        Task<Note?> read = call.ReadAsync(giveUp.Token);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WriteAsync(new Note(), echo.Limit));
        await echo.IdleAsync();
    }

    [Fact]
    public async Task TheDeadlineEndsBothSides()
    {
        await using EchoServer echo = await EchoServer.StartAsync();

        GrpcException late = await OwnCallTests.FailsAsync(() => echo.Channel.UnaryAsync(EchoService.Say, Wait, Short, echo.Limit));

        Assert.Equal(GrpcStatusCode.DeadlineExceeded, late.Code);
        await echo.Service.Cancelled.WaitAsync(echo.Limit);
        await echo.IdleAsync();
    }

    [Fact]
    public async Task TheServerAnswersAtTheDeadlineThoughItsHandlerIsDeaf()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using var raw = new RawClient(echo.Address);

        RawAnswer answer = await raw.PostAsync(
            EchoService.Say.Path, RawClient.Frame(new Note { Text = "ignore" }), echo.Limit, ("grpc-timeout", "50m"));

        Assert.Equal("4", answer.GrpcStatus);
        Assert.Equal(1, echo.Server.RunningCalls);
        echo.Service.Release();
        await echo.IdleAsync();
    }

    [Fact]
    public async Task TheDeadlineEndsAStreamThatNobodyReads()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using var raw = new RawClient(echo.Address);
        var content = new ByteArrayContent(RawClient.Frame(new Note { Text = "flood" }));

        using HttpResponseMessage unread = await raw.OpenAsync(
            HttpMethod.Post, EchoService.Count.Path, content, echo.Limit, ("grpc-timeout", "50m"));

        await echo.Service.Cancelled.WaitAsync(echo.Limit);
        await echo.IdleAsync();
    }

    [Fact]
    public async Task ADeadlineThatHasPassedCallsNobody()
    {
        await using EchoServer echo = await EchoServer.StartAsync();

        GrpcException late = await OwnCallTests.FailsAsync(() =>
            echo.Channel.UnaryAsync(EchoService.Say, Wait, new GrpcCallOptions { Timeout = TimeSpan.Zero }, echo.Limit));

        Assert.Equal(GrpcStatusCode.DeadlineExceeded, late.Code);
        Assert.False(echo.Service.Started.IsCompleted);
    }

    [Fact]
    public async Task AClientThatVanishesCancelsItsCalls()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        await using var wire = new CutWire(echo.Address);
        using var channel = new GrpcChannel(wire.Address);
        using GrpcCall<Note, Note> call = channel.Start(EchoService.Chat, null, echo.Limit);
        await call.WriteAsync(new Note { Number = 1 }, echo.Limit);
        Assert.Equal(1, (await call.ReadAsync(echo.Limit))?.Number);

        wire.Cut();

        await echo.Service.Cancelled.WaitAsync(echo.Limit);
        await echo.IdleAsync();
        GrpcException gone = await OwnCallTests.FailsAsync(() => call.ReadAsync(echo.Limit));
        Assert.Equal(GrpcStatusCode.Unavailable, gone.Code);
    }

    [Fact]
    public async Task ALinkThatGoesSilentIsNoticedByPings()
    {
        var patience = TimeSpan.FromSeconds(1);
        await using EchoServer echo = await EchoServer.StartAsync(change: options => options with { PingDelay = patience, PingTimeout = patience });
        await using var wire = new CutWire(echo.Address);
        using var channel = new GrpcChannel(wire.Address, new GrpcChannelOptions { PingDelay = patience, PingTimeout = patience });
        using GrpcCall<Note, Note> call = channel.Start(EchoService.Count, new Note { Text = "forever" }, null, echo.Limit);
        Assert.Equal("forever", (await call.ReadAsync(echo.Limit))?.Text);

        wire.Hush();

        GrpcException gone = await OwnCallTests.FailsAsync(() => call.ReadAsync(echo.Limit));
        Assert.Equal(GrpcStatusCode.Unavailable, gone.Code);
        await echo.Service.Cancelled.WaitAsync(echo.Limit);
        await echo.IdleAsync();
    }

    [Fact]
    public async Task AClientThatDoesNotReadHoldsTheHandlerUp()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using GrpcCall<Note, Note> call = echo.Channel.Start(EchoService.Count, new Note { Text = "flood" }, null, echo.Limit);
        await call.HeadersAsync(echo.Limit);
        await echo.Service.Started.WaitAsync(echo.Limit); // a write waits

        for (int received = 0; received < 200; received++)
        {
            Assert.Equal(64 * 1024, (await call.ReadAsync(echo.Limit))?.Body.Length);
        }

        Assert.InRange(echo.Service.Flooded, 150, 2_000);
        call.Dispose();
        await echo.Service.Cancelled.WaitAsync(echo.Limit);
        await echo.IdleAsync();
    }

    [Fact]
    public async Task AHandlerThatGivesUpAWriteLeavesTheStreamWhole()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using GrpcCall<Note, Note> call = echo.Channel.Start(EchoService.Count, new Note { Text = "impatient" }, null, echo.Limit);
        await echo.Service.Started.WaitAsync(echo.Limit); // the write was given up

        var notes = new List<Note>();
        await foreach (Note note in call.ReadAllAsync(echo.Limit))
        {
            notes.Add(note);
        }

        Assert.Equal((401, "after"), (notes.Count, notes[^1].Text));
        Assert.All(notes[..^1], note => Assert.Equal(64 * 1024, note.Body.Length));
    }

    [Fact]
    public async Task NothingIsWrittenBehindTheEnd()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        using GrpcCall<Note, Note> chat = echo.Channel.Start(EchoService.Chat, null, echo.Limit);
        using GrpcCall<Note, Note> say = echo.Channel.Start(EchoService.Say, new Note(), null, echo.Limit);
        Task[] writes = [.. Enumerable.Range(0, 50).Select(number => chat.WriteAsync(new Note { Number = number }, echo.Limit))];

        await chat.CompleteAsync(echo.Limit);

        await Assert.ThrowsAsync<InvalidOperationException>(() => chat.WriteAsync(new Note(), echo.Limit));
        await Assert.ThrowsAsync<InvalidOperationException>(() => say.WriteAsync(new Note(), echo.Limit));
        var numbers = new List<int>();
        await foreach (Note note in chat.ReadAllAsync(echo.Limit))
        {
            numbers.Add(note.Number);
        }

        await Task.WhenAll(writes);
        Assert.Equal(Enumerable.Range(0, 50), numbers);
    }

    [Fact]
    public async Task AServerThatStopsFiresTokensAndSaysSo()
    {
        await using EchoServer echo = await EchoServer.StartAsync();
        Task<Note> call = echo.Channel.UnaryAsync(EchoService.Say, Wait, null, echo.Limit);
        await echo.Service.Started.WaitAsync(echo.Limit);

        await echo.Server.StopAsync(echo.Limit);

        await echo.Service.Cancelled.WaitAsync(echo.Limit);
        GrpcException stopped = await OwnCallTests.FailsAsync(() => call);
        GrpcException absent = await OwnCallTests.FailsAsync(() => echo.Channel.UnaryAsync(EchoService.Say, new Note(), null, echo.Limit));
        Assert.Equal((GrpcStatusCode.Unavailable, GrpcStatusCode.Unavailable), (stopped.Code, absent.Code));
        Assert.Equal(0, echo.Server.RunningCalls);
    }

    [Fact]
    public async Task AServerThatStopsDoesNotWaitForDeafHandlers()
    {
        await using EchoServer echo = await EchoServer.StartAsync(change: options => options with { StopTimeout = TimeSpan.FromMilliseconds(200) });
        Task<Note> call = echo.Channel.UnaryAsync(EchoService.Say, new Note { Text = "ignore" }, null, echo.Limit);
        await echo.Service.Started.WaitAsync(echo.Limit);

        await echo.Server.StopAsync(echo.Limit);

        Assert.Equal(GrpcStatusCode.Unavailable, (await OwnCallTests.FailsAsync(() => call)).Code);
    }

    [Fact]
    public async Task NobodyThere()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"http://{listener.LocalEndpoint}");
        listener.Stop();
        foreach (Uri absent in new[] { address, new Uri("unix:///nowhere/at/all.sock") })
        {
            using var channel = new GrpcChannel(absent);
            using GrpcCall<Note, Note> call = channel.Start(EchoService.Gather, null, limit.Token);

            Assert.Equal(GrpcStatusCode.Unavailable, (await OwnCallTests.FailsAsync(() => call.WriteAsync(new Note(), limit.Token))).Code);
            Assert.Equal(GrpcStatusCode.Unavailable, (await OwnCallTests.FailsAsync(() => call.SingleAsync(limit.Token))).Code);
            Assert.Equal(GrpcStatusCode.Unavailable, (await OwnCallTests.FailsAsync(() => call.HeadersAsync(limit.Token))).Code);
        }
    }
}
