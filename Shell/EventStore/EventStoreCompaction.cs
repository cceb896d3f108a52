using Nitro.Journal;

namespace Nitro.EventStore;

/// <summary>
/// Puts the earlier epochs of a journal on EventStoreDB into an archive, and hides them there: the server's next scavenge takes them away. Its
/// node may be at work: it never reads them.
/// </summary>
public sealed class EventStoreCompaction : IJournalCompaction
{
    private readonly EventStoreJournalReader reader;

    private EventStoreCompaction(EventStoreJournalReader reader) => this.reader = reader;

    /// <inheritdoc/>
    public string Title => reader.Title;

    /// <inheritdoc/>
    public long First => reader.First;

    /// <inheritdoc/>
    public long EpochStart => reader.EpochStart;

    /// <summary>Opens a journal that is there.</summary>
    /// <exception cref="Ports.JournalException">As for any reader.</exception>
    public static async Task<EventStoreCompaction> OpenAsync(EventStoreJournalOptions options, CancellationToken cancellationToken) =>
        new(await EventStoreJournalReader.OpenAsync(options, cancellationToken));

    /// <inheritdoc/>
    public Task ArchiveAsync(string file, Action<long> progress, CancellationToken cancellationToken) =>
        JournalArchive.WriteAsync(reader, reader.Title, reader.Owner, file, progress, cancellationToken);

    /// <inheritdoc/>
    public Task ShrinkAsync(CancellationToken cancellationToken) => First < EpochStart ? reader.HideEarlierAsync(cancellationToken) : Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => reader.Dispose();
}
