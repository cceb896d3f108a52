using Nitro.EventStore;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>A stream on EventStoreDB that is being filled; until it is whole it is marked, and no node starts on it. One that broke off goes on.</summary>
internal sealed class EventStoreTarget : IJournalTarget
{
    private readonly EventStoreJournal journal;
    private bool isClosed;

    private EventStoreTarget(EventStoreJournal journal, string title) => (this.journal, Title) = (journal, title);

    public string Title { get; }

    public IJournal Journal => journal;

    /// <summary>Begins or goes on.</summary>
    /// <exception cref="CliError">The records begin where no stream can.</exception>
    /// <exception cref="JournalException">There is a journal, or the server cannot be written to.</exception>
    public static async Task<IJournalTarget> CreateAsync(EventStoreJournalOptions options, long first, CancellationToken cancellationToken) => first == 0
        ? new EventStoreTarget(await EventStoreJournal.FillAsync(options, cancellationToken), $"{options.Settings} (the stream nitro-{options.Owner})")
        : throw new CliError(
            $"What is to be copied begins with record {first}, and a stream of EventStoreDB begins with 0. Name the archive of the earlier epochs, too, with --archive.");

    public Task CompleteAsync(CancellationToken cancellationToken) => journal.FilledAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (!isClosed)
        {
            isClosed = true;
            await journal.DisposeAsync();
        }
    }
}
