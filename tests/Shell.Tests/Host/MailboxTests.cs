using Nitro.Host.Loop;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>What waits, how much of it, and in which order it is let in.</summary>
public sealed class MailboxTests
{
    private readonly Mailbox mailbox = new(2);

    [Fact]
    public void WhatComesFromOutsideIsBounded()
    {
        Assert.True(mailbox.TryPost(Any()));
        Assert.True(mailbox.TryPost(Any()));
        Assert.False(mailbox.TryPost(Any()));
    }

    [Fact]
    public void OutcomesHaveRoomAndGoFirst()
    {
        var (outside, outcome) = (Any(), Any());
        mailbox.TryPost(outside);
        mailbox.TryPost(Any());
        mailbox.Post(outcome);
        var batch = new List<Mail>();

        mailbox.Take(batch, 2);

        Assert.Equal([outcome, outside], batch);
        Assert.Equal(1, mailbox.Count);
    }

    [Fact]
    public async Task WhatIsLeftBehindWakesTheLoopAgain()
    {
        mailbox.Post(Any());
        mailbox.Post(Any());
        var batch = new List<Mail>();
        await mailbox.WaitAsync(CancellationToken.None);
        mailbox.Take(batch, 1);

        await mailbox.WaitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(5));

        mailbox.Take(batch, 2);
        Assert.Equal(2, batch.Count);
    }

    [Fact]
    public async Task AfterTheEndEverybodyHearsWhy()
    {
        var waiting = Mail.Awaited(NitroCore.Ticked());
        mailbox.Post(waiting);
        mailbox.Close(new TenantStoppedException("over"));
        var late = Mail.Awaited(NitroCore.Ticked());
        Assert.True(mailbox.TryPost(late));

        await Assert.ThrowsAsync<TenantStoppedException>(() => waiting.Answered);
        await Assert.ThrowsAsync<TenantStoppedException>(() => late.Answered);
    }

    private static Mail Any() => new(NitroCore.Ticked());
}
