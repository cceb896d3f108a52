using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Host.Effects;
using Nitro.Host.Loop;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>How what is to be told reaches a peer: one at a time, in order, again and again.</summary>
public sealed class PeerLaneTests : IAsyncLifetime
{
    private static readonly byte[] Peer = [.. new byte[19], 9];
    private readonly ScriptedLink link = new();
    private readonly Channel<NodeEvent> outcomes = Channel.CreateUnbounded<NodeEvent>();
    private readonly Counters counters = new();
    private readonly PeerLanes lanes;

    public PeerLaneTests() => lanes = new PeerLanes(
        link,
        outcome => outcomes.Writer.TryWrite(outcome),
        new LaneOptions { ShortestWait = TimeSpan.FromMilliseconds(1), LongestWait = TimeSpan.FromMilliseconds(5) },
        counters,
        NullLogger.Instance);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await lanes.DisposeAsync();

    [Fact]
    public async Task FramesGoOneAtATimeAndInOrder()
    {
        Tell(1, 2, 3);

        Assert.Equal("1", await AnsweredAsync(PeerAnswer.Taken));
        Assert.Equal("2", await AnsweredAsync(PeerAnswer.Taken));
        Assert.Equal("3", await AnsweredAsync(PeerAnswer.Taken));

        await OutcomesAsync(3);
        Assert.Equal(1, link.MostInFlight);
        Assert.Equal(3, counters.Sent);
    }

    [Fact]
    public async Task WhatDoesNotArriveIsSentAgain()
    {
        Tell(1, 2);

        Assert.Equal("1", await AnsweredAsync(PeerAnswer.Unreachable));
        Assert.Equal("1", await AnsweredAsync(PeerAnswer.Unreachable));
        Assert.Equal("1", await AnsweredAsync(PeerAnswer.Taken));
        Assert.Equal("2", await AnsweredAsync(PeerAnswer.Taken));

        await OutcomesAsync(2);
        Assert.Equal(2, counters.Retries);
    }

    [Fact]
    public async Task ABusyPeerIsOfferedTheNextFrameSoThatOneCannotBlockAll()
    {
        Tell(1, 2);

        Assert.Equal("1", await AnsweredAsync(PeerAnswer.Busy));
        Assert.Equal("2", await AnsweredAsync(PeerAnswer.Taken));
        Assert.Equal("1", await AnsweredAsync(PeerAnswer.Taken));

        await OutcomesAsync(2);
    }

    [Fact]
    public async Task AnOffenceIsReportedOnceAndNotSentAgain()
    {
        Tell(1, 2);

        Assert.Equal("1", await AnsweredAsync(PeerAnswer.Offence));
        Assert.Equal("2", await AnsweredAsync(PeerAnswer.Taken));

        await OutcomesAsync(2);
        Assert.Equal(1, counters.Sent);
    }

    [Fact]
    public async Task WhatIsOverIsNotSentAgain()
    {
        Tell(1, 2);
        var first = await link.NextAsync();
        lanes.Drop(1);
        first.Answer.SetResult(PeerAnswer.Unreachable);

        Assert.Equal("2", await AnsweredAsync(PeerAnswer.Taken));

        await OutcomesAsync(1);
        Assert.False(outcomes.Reader.TryRead(out _));
    }

    [Fact]
    public async Task WhatIsOverWhileInFlightIsNotReported()
    {
        Tell(1, 2);
        var first = await link.NextAsync();
        lanes.Drop(1);
        first.Answer.SetResult(PeerAnswer.Taken);

        Assert.Equal("2", await AnsweredAsync(PeerAnswer.Taken));

        await OutcomesAsync(1);
        Assert.False(outcomes.Reader.TryRead(out _));
    }

    [Fact]
    public async Task AFailingLinkIsWeather()
    {
        link.Failures.Enqueue(new IOException("connection reset"));
        Tell(1);

        Assert.Equal("1", await AnsweredAsync(PeerAnswer.Taken));

        await OutcomesAsync(1);
    }

    [Fact]
    public async Task AnEmptyLaneComesBackToLife()
    {
        Tell(1);
        Assert.Equal("1", await AnsweredAsync(PeerAnswer.Taken));
        await OutcomesAsync(1);

        Tell(2);

        Assert.Equal("2", await AnsweredAsync(PeerAnswer.Taken));
        await OutcomesAsync(1);
    }

    private void Tell(params IReadOnlyList<long> ids)
    {
        foreach (var id in ids)
        {
            lanes.Add(id, Peer, Encoding.UTF8.GetBytes($"{id}"));
        }
    }

    private async Task<string> AnsweredAsync(PeerAnswer answer)
    {
        var sending = await link.NextAsync();
        sending.Answer.SetResult(answer);
        return Encoding.UTF8.GetString(sending.Frame.Span);
    }

    private async Task OutcomesAsync(int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        for (var i = 0; i < count; i++)
        {
            await outcomes.Reader.ReadAsync(limit.Token);
        }
    }
}
