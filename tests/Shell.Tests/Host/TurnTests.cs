using System.Text;
using Nitro.Host.Loop;
using Nitro.Journal;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>The order of a turn: nothing leaves before its records are durable.</summary>
public sealed class TurnTests
{
    private static readonly string Me = TestKeys.AddressOf(TestKeys.Key(1));
    private readonly BrokenJournal journal = new(new MemoryJournal());
    private readonly RecordingRelease release = new();
    private readonly Turn turn;

    public TurnTests() => turn = new Turn(journal, Fresh(), new EventClock(TimeProvider.System, 0), release, new Counters());

    [Fact]
    public async Task RecordsAreDurableAndTheStateIsPublishedBeforeAnythingIsReleased()
    {
        release.OnRelease = step =>
        {
            Assert.Equal(journal.Next, turn.Node.Position);
            Assert.True(step.Node.Position <= journal.Next);
        };

        await turn.RunAsync([Open(2), Open(3), Open(4)]);

        Assert.Equal(3, release.Steps.Count);
        Assert.All(release.Steps, step => Assert.NotEmpty(step.Effects));
        Assert.Single(journal.Appends);
    }

    [Fact]
    public async Task WhileTheAppendIsUnderwayNothingIsReleasedOrPublished()
    {
        var gate = new TaskCompletionSource();
        journal.Gate = gate.Task;

        var running = turn.RunAsync([Open(2)]);

        Assert.Empty(release.Steps);
        Assert.Equal(0, turn.Node.Position);
        gate.SetResult();
        await running;
        Assert.Single(release.Steps);
    }

    [Fact]
    public async Task AConflictReleasesNothingAndStops()
    {
        journal.Failure = () => new AppendResult(AppendOutcome.Conflict, 7);

        await Assert.ThrowsAsync<TenantStoppedException>(() => turn.RunAsync([Open(2)]));

        Assert.Empty(release.Steps);
        Assert.Equal(0, turn.Node.Position);
    }

    [Fact]
    public async Task AFailingJournalReleasesNothingAndStops()
    {
        journal.Failure = () => throw new JournalException(JournalFailure.Unknown, "the disk is gone");

        await Assert.ThrowsAsync<JournalException>(() => turn.RunAsync([Open(2)]));

        Assert.Empty(release.Steps);
        Assert.Equal(0, turn.Node.Position);
    }

    [Fact]
    public async Task ManyEventsAreSplitByWholeSteps()
    {
        await turn.RunAsync([.. Enumerable.Range(2, 200).Select(Open)]);

        Assert.Equal(200, release.Steps.Count);
        Assert.True(journal.Appends.Count > 1);
        Assert.All(journal.Appends, count => Assert.InRange(count, 1, AppendRules.EnoughRecords));
        Assert.Equal(journal.Next, turn.Node.Position);
        Assert.Equal(journal.Next, release.Steps.Sum(step => (long)step.Records.Count));
    }

    [Fact]
    public async Task WhatIsStoredGivesTheSameState()
    {
        await turn.RunAsync([Open(2), Open(3)]);

        var replay = NitroCore.Replay(Settings(), 0);
        await foreach (var record in journal.ReadAsync(0, CancellationToken.None))
        {
            Assert.True(NitroCore.TryReadFact(record.Type, record.Version, record.Body, out var fact, out var error), error);
            replay.Fold(record.AtMicros, fact!);
        }

        var node = replay.Finish();
        Assert.Equal(turn.Node.Position, node.Position);
        Assert.Equal(turn.Node.UnfinishedCount, node.UnfinishedCount);
    }

    [Fact]
    public void TheClockNeverGoesBack()
    {
        var time = new SteppedTime(DateTimeOffset.UnixEpoch.AddSeconds(10));
        var clock = new EventClock(time, 20_000_000);

        var first = clock.Next();
        time.Now = DateTimeOffset.UnixEpoch.AddSeconds(30);
        var second = clock.Next();
        time.Now = DateTimeOffset.UnixEpoch;

        Assert.Equal([20_000_000, 30_000_000, 30_000_000], [first, second, clock.Next()]);
    }

    [Fact]
    public void AClockThatWasAheadOnceGoesOnSlowlyUntilTheMachinesHasComeUp()
    {
        var time = new SteppedTime(DateTimeOffset.UnixEpoch.AddSeconds(100));
        var clock = new EventClock(time, 160_000_000);
        Assert.Equal(TimeSpan.FromSeconds(10), clock.Until(170_000_000));

        // Many small steps lose nothing.
        for (var i = 0; i < 20_001; i++)
        {
            time.Now += TimeSpan.FromMilliseconds(1);
            time.Passed += TimeSpan.FromMilliseconds(1);
            clock.Next();
        }

        Assert.Equal(170_000_500, clock.Next());
        Assert.Equal(TimeSpan.Zero, clock.Until(170_000_000));
        time.Now += TimeSpan.FromSeconds(200);
        time.Passed += TimeSpan.FromSeconds(200);
        Assert.Equal(320_001_000, clock.Next());
    }

    [Fact]
    public async Task AnEventIsOneAppendHoweverManyRecordsItHas()
    {
        await turn.RunAsync([.. Enumerable.Range(2, 250).Select(Open)]);
        var asked = release.Steps.SelectMany(step => step.Effects).Select(effect => effect.Id).Distinct().ToArray();
        Assert.Equal(250, asked.Length);

        // A signer that was away answers all at once.
        await turn.RunAsync([new Mail(NitroCore.SignerReplied(turn.Node, [.. asked.Select(id => new SignerAnswer(id, default, "policy", default))], true))]);

        Assert.InRange(journal.Appends[^1], AppendRules.EnoughRecords + 1, int.MaxValue);
        Assert.Equal(journal.Next, turn.Node.Position);
    }

    private static NodeSettings Settings() =>
        NitroCore.TryConfigure(TestWorld.SettingsJson(Me), TestKeys.Recover, out var settings, out var error) ? settings : throw new InvalidOperationException(error);

    private static NodeHandle Fresh() => NitroCore.Create(Settings());

    private static Mail Open(int number)
    {
        var them = $"0x{number:x40}";
        var payload = Encoding.UTF8.GetBytes(TestWorld.Ledger(Me, them, 5, 5));
        Assert.True(NitroCore.TryCommand(Fresh(), "create_ledger_channel", payload, (ulong)number, $"request-{number}", out var command, out _));
        return new Mail(command!);
    }
}
