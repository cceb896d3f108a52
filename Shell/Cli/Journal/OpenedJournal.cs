using Nitro.Host;
using Nitro.Ports;
using Nitro.Secp256k1;

namespace Nitro.Cli.Journal;

/// <summary>A journal to be read, and the settings to read it with.</summary>
internal sealed class OpenedJournal : IAsyncDisposable
{
    /// <summary>The note of a bundle that holds the core's settings.</summary>
    public const string SettingsNote = "settings";

    private OpenedJournal(IJournalSource source, NodeSettings settings) => (Source, Settings) = (source, settings);

    /// <summary>Its records.</summary>
    public IJournalSource Source { get; }

    /// <summary>Of its node where they are known; else what its owner's address tells.</summary>
    public NodeSettings Settings { get; }

    /// <summary>Takes the source over.</summary>
    /// <exception cref="CliError">Its owner is none.</exception>
    public static async Task<OpenedJournal> OverAsync(IJournalSource source, TenantJournal? tenant, CancellationToken cancellationToken)
    {
        var notes = await source.NotesAsync(cancellationToken);
        var json = notes.FirstOrDefault(note => note.Name == SettingsNote)?.Content ?? tenant?.SettingsOf(source.Owner);
        string error;
        if (json is { } known ? NitroCore.TryConfigure(known, Recover, out var settings, out error) : NodeHistory.TrySettings(source.Owner, Recover, out settings, out error))
        {
            return new OpenedJournal(source, settings!);
        }

        throw new CliError($"{source.Title} is of '{source.Owner}', and cannot be read as a node's: {error}");
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    /// <summary>A node that knows nothing, before the record at this position.</summary>
    public NodeHandle Before(long position) => NodeHistory.Before(Settings, position);

    /// <summary>Folds a record.</summary>
    /// <exception cref="CliError">It cannot be read, or is not the next one; the message names it.</exception>
    public HistoryRecord Read(NodeHandle node, in JournalRecord record)
    {
        if (record.Position != node.Position)
        {
            throw new CliError($"{Source.Title} has record {record.Position} where {node.Position} was due. Restore a backup.");
        }

        if (!NitroCore.TryReadFact(record.Type, record.Version, record.Body, out var fact, out var error))
        {
            throw new CliError($"Record {record.Position} of {Source.Title} cannot be read: {error}");
        }

        var read = NodeHistory.Read(node, record.AtMicros, fact!);
        return node.Position == Source.First && node.Position > 0 && read.Node.Epoch == 0
            ? throw new CliError($"{Source.Title} begins with record {record.Position}, which opens no epoch. Name the archive before it with --archive.")
            : read;
    }

    private static bool Recover(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature, Span<byte> address) =>
        Curve.Default.TryRecoverAddress(digest, signature, address);
}
