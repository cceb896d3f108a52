using Nitro.EventStore.Connection;

namespace Nitro.EventStore;

/// <summary>Where a journal lives on EventStoreDB, and whose it is.</summary>
public sealed record EventStoreJournalOptions
{
    /// <summary>The servers, and how to reach them.</summary>
    public required EventStoreSettings Settings { get; init; }

    /// <summary>Whose journal this is, such as the tenant's address: letters and digits. Its stream is <c>nitro-</c> and this.</summary>
    public required string Owner { get; init; }

    /// <summary>How long an append or a read is tried again while no server answers it; afterwards the tenant must stop.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Told what the operator should know though the journal goes on: retries, another clock, another writer.</summary>
    public Action<string> Complain { get; init; } = static _ => { };

    /// <summary>This node's clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
