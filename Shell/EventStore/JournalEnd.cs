namespace Nitro.EventStore;

/// <summary>Where a journal ends, and where its epoch in force begins.</summary>
internal readonly record struct JournalEnd(long Next, long EpochStart);
