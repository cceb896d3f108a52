using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Journal;

/// <summary>
/// A tenant's journal in one SQLite file: one writer, one fsync for all appends that wait together, and a check on every
/// record that is read. Appends may be issued without awaiting the one before; they are decided in the order of the calls.
/// </summary>
public sealed class SqliteJournal : IJournal
{
    private readonly SqliteJournalOptions options;
    private readonly string path;
    private readonly FileLock held;
    private readonly JournalWriter writer;
    private volatile bool disposed;

    private SqliteJournal(SqliteJournalOptions options, string path, FileLock held, JournalWriter writer)
    {
        this.options = options;
        this.path = path;
        this.held = held;
        this.writer = writer;
    }

    /// <inheritdoc/>
    public long First => writer.First;

    /// <inheritdoc/>
    public long Next => writer.Next;

    /// <inheritdoc/>
    public long EpochStart => writer.EpochStart;

    /// <inheritdoc/>
    public JournalStatistics Statistics => writer.Statistics;

    /// <summary>Opens the journal at <see cref="SqliteJournalOptions.Path"/>, or makes it.</summary>
    /// <exception cref="JournalException">
    /// Permanent: another process has it open, it is damaged, it belongs to another owner, or the path cannot be used.
    /// </exception>
    public static Task<SqliteJournal> OpenAsync(SqliteJournalOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrWhiteSpace(options.Path);
        ArgumentException.ThrowIfNullOrWhiteSpace(options.Owner);
        return Task.Run(() => Open(options), cancellationToken);
    }

    /// <summary>
    /// As <see cref="IJournal.AppendAsync"/>. Cancellation is heeded until the writer takes the append, and then means that
    /// nothing was written; from there to the answer is one commit. The bodies must not change before the answer.
    /// </summary>
    public async ValueTask<AppendResult> AppendAsync(
        long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        var copy = AppendRules.Copy(expected, entries, out var bytes);
        return await WrittenAsync(new AppendRequest(expected, copy, bytes, opensEpoch: false), cancellationToken);
    }

    /// <summary>
    /// As <see cref="IJournal.OpenEpochAsync"/>: one transaction, with the note where the epoch begins. Cancellation as for an append.
    /// </summary>
    public async ValueTask<AppendResult> OpenEpochAsync(
        long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        var copy = AppendRules.Copy(expected, entries, out var bytes);
        return await WrittenAsync(new AppendRequest(expected, copy, bytes, opensEpoch: true), cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ObjectDisposedException.ThrowIf(disposed, this);
        return ReadPagesAsync(from, Next, cancellationToken);
    }

    /// <summary>Serves the appends that wait, closes the file, and lets the next process in.</summary>
    public async ValueTask DisposeAsync()
    {
        disposed = true;
        writer.Queue.Close(new ObjectDisposedException(nameof(SqliteJournal)));
        try
        {
            await writer.Ended;
        }
        finally
        {
            held.Dispose();
        }
    }

    private async Task<AppendResult> WrittenAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        if (!writer.Queue.TryAdd(request, out var reason))
        {
            throw reason;
        }

        using (cancellationToken.UnsafeRegister(static (state, token) => ((AppendRequest)state!).TryCancel(token), request))
        {
            return await request.Answer;
        }
    }

    private static SqliteJournal Open(SqliteJournalOptions options)
    {
        var path = System.IO.Path.GetFullPath(options.Path);
        FileLock? held = null;
        JournalTable? table = null;
        try
        {
            held = JournalDatabase.Lock(path);
            table = new JournalTable(JournalDatabase.OpenWriter(options, path), path, options.FirstPosition);
            var journal = new SqliteJournal(options, path, held, new JournalWriter(table, path));
            (held, table) = (null, null);
            return journal;
        }
        catch (SqliteException e)
        {
            throw Unreadable(path, e);
        }
        finally
        {
            table?.Dispose();
            held?.Dispose();
        }
    }

    private async IAsyncEnumerable<JournalRecord> ReadPagesAsync(
        long from, long head, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (from >= head)
        {
            yield break;
        }

        // Each page is a statement of its own, so that a slow reader never keeps the write-ahead log from being emptied.
        using var table = await Task.Run(OpenReader, cancellationToken);
        for (var position = from; position < head;)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            var first = position;
            var page = await Task.Run(() => table.ReadPage(first, head), cancellationToken);
            foreach (var record in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return record;
            }

            position += page.Count;
        }
    }

    private JournalTable OpenReader()
    {
        try
        {
            return new JournalTable(JournalDatabase.OpenReader(options, path), path);
        }
        catch (SqliteException e)
        {
            throw Unreadable(path, e);
        }
    }

    private static JournalException Unreadable(string path, Exception e) => new(
        JournalFailure.Permanent,
        $"The journal {path} cannot be read: {e.Message} Check that the file is there and readable; if it is damaged, restore a backup.",
        e);
}
