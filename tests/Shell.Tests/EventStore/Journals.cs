using System.Collections.Concurrent;
using Nitro.EventStore;
using Nitro.EventStore.Connection;
using Nitro.FakeEventStore;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.EventStore;

/// <summary>A fake server or cluster, and journals on it.</summary>
internal sealed class Journals : IAsyncDisposable
{
    internal const string Owner = "0xowner";
    internal const string Stream = "nitro-0xowner";

    private Journals(FakeCluster cluster) => Cluster = cluster;

    internal FakeCluster Cluster { get; }

    /// <summary>What journals told their operator.</summary>
    internal ConcurrentQueue<string> Complaints { get; } = [];

    /// <summary>Added to connection strings.</summary>
    internal string Options { get; set; } = "&defaultDeadline=1000&discoveryInterval=20&gossipTimeout=1000";

    /// <summary>How long journals that are opened from here on try again.</summary>
    internal TimeSpan RetryFor { get; set; } = TimeSpan.FromSeconds(20);

    internal TimeProvider Time { get; set; } = TimeProvider.System;

    internal static async Task<Journals> StartAsync(int count = 1) => new(await FakeCluster.StartAsync(count));

    internal Task<EventStoreJournal> OpenAsync(string owner = Owner) => OpenAtAsync(Cluster.ConnectionString + Options, owner);

    internal Task<EventStoreJournal> OpenAtAsync(string connectionString, string owner = Owner) => EventStoreJournal.OpenAsync(
        new EventStoreJournalOptions
        {
            Settings = EventStoreSettings.Parse(connectionString), Owner = owner, RetryFor = RetryFor, Complain = Complaints.Enqueue, Time = Time,
        },
        CancellationToken.None);

    /// <summary>Lets these things go wrong one after another, each at its point.</summary>
    internal void Plan(params (FaultPoint Point, Fault Fault)[] faults)
    {
        var left = new ConcurrentQueue<(FaultPoint Point, Fault Fault)>(faults);
        Cluster.Faults = (point, _) => left.TryPeek(out var next) && next.Point == point && left.TryDequeue(out next) ? next.Fault : Fault.None;
    }

    /// <summary>A journal is not opened, for good, and that is why.</summary>
    internal async Task RefusedAsync(params string[] told)
    {
        var refusal = await Assert.ThrowsAsync<JournalException>(() => OpenAsync());
        Assert.Equal(JournalFailure.Permanent, refusal.Failure);
        Assert.All(told, text => Assert.Contains(text, refusal.Message, StringComparison.Ordinal));
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
