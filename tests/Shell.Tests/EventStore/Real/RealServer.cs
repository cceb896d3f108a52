using Nitro.EventStore;
using Nitro.EventStore.Connection;

namespace Nitro.Shell.Tests.EventStore.Real;

/// <summary>The server that EVENTSTORE_URI names; each test has owners of its own on it.</summary>
internal static class RealServer
{
    internal static string NewOwner() => $"test{Guid.NewGuid():N}";

    internal static Task<EventStoreJournal> OpenAsync(string owner) => EventStoreJournal.OpenAsync(
        new EventStoreJournalOptions
        {
            Settings = EventStoreSettings.Parse(Environment.GetEnvironmentVariable("EVENTSTORE_URI")!), Owner = owner,
        },
        CancellationToken.None);
}
