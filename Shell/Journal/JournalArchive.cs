using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>Writes the epochs before the one in force into a file, wherever the journal is kept.</summary>
public static class JournalArchive
{
    /// <summary>Writes the file, durably, and reads it again. One that an earlier attempt left behind is only read.</summary>
    /// <param name="source">The journal; its epoch must not change meanwhile.</param>
    /// <param name="title">What it is, for messages.</param>
    /// <param name="owner">Whose.</param>
    /// <param name="file">The archive.</param>
    /// <param name="progress">Told after each record how many there have been.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">A record is damaged, the file cannot be written, or there is another one of its name.</exception>
    public static async Task WriteAsync(
        IJournalRecords source, string title, string owner, string file, Action<long> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(progress);
        var (first, end) = (source.First, source.EpochStart);
        if (!File.Exists(file))
        {
            using var writer = JournalFileWriter.Create(file, new JournalFileHead(owner, first, end, end));
            await writer.AddAllAsync(source, first, progress, cancellationToken);
            writer.Complete();
        }

        var archive = await JournalFile.OpenAsync(file, cancellationToken);
        if (archive.Head.Owner != owner || archive.Next != end || archive.First > first)
        {
            throw Other(archive.Path, title, end);
        }

        await using var stored = source.ReadAsync(first, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await foreach (var record in archive.ReadAsync(first, cancellationToken))
        {
            if (!await stored.MoveNextAsync()
                || stored.Current.Position != record.Position
                || !AppendRules.IsSame(stored.Current, new JournalEntry(record.AtMicros, record.Type, record.Version, record.Body)))
            {
                throw Other(archive.Path, title, end);
            }

            progress(record.Position - first + 1);
        }
    }

    private static JournalException Other(string file, string title, long end) => new(
        JournalFailure.Permanent, $"The file {file} is not the archive of what stands in {title} before record {end}. Nothing was deleted: name another file.");
}
