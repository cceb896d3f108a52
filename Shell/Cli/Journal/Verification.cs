using System.Globalization;
using System.Text;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>
/// Judges every record of a journal and every law of its fold: checksums and places, what records say, the signatures in them, promises,
/// each epoch's opening against all before it, and the node's rules at each epoch and at the end.
/// </summary>
internal sealed class Verification
{
    /// <summary>The note of a bundle that holds the digest of the state it was made with.</summary>
    public const string StateNote = "state";

    private readonly OpenedJournal journal;
    private readonly VerifyReport report;
    private NodeHandle? before;
    private long lastMicros;

    private Verification(OpenedJournal journal)
    {
        this.journal = journal;
        report = new VerifyReport { Node = journal.Before(journal.Source.First) };
    }

    /// <summary>Reads all of it. What is damaged ends the reading, and is told in the report.</summary>
    public static async Task<VerifyReport> RunAsync(OpenedJournal journal, Action<long> progress, CancellationToken cancellationToken)
    {
        var run = new Verification(journal);
        try
        {
            await foreach (var record in journal.Source.ReadAsync(journal.Source.First, cancellationToken))
            {
                run.Judge(record);
                progress(run.report.Records);
            }

            await run.EndAsync(cancellationToken);
        }
        catch (Exception damage) when (damage is JournalException or CliError)
        {
            run.report.Find(damage.Message);
        }

        return run.report;
    }

    private void Judge(in JournalRecord record)
    {
        var was = report.Node;
        var read = journal.Read(was, record);
        foreach (var finding in read.Findings)
        {
            Find(record.Position, record.Type, finding);
        }

        if (record.AtMicros < lastMicros)
        {
            Find(record.Position, record.Type, $"its time, {Wording.Time(record.AtMicros)}, lies before that of the record before it");
        }

        if (read.Node.Epoch != was.Epoch || read.Node.EpochStart != was.EpochStart)
        {
            CheckRules(was);
            report.Openings++;
            before = was;
        }

        lastMicros = Math.Max(lastMicros, record.AtMicros);
        report.Node = read.Node;
        report.Records++;
        report.Types[record.Type] = report.Types.GetValueOrDefault(record.Type) + 1;
        if (before is not null && read.Node.Position == read.Node.EpochRestated)
        {
            Compare(before);
            before = null;
        }
    }

    /// <summary>The law of epochs: what an opening gives by itself is what everything before it gave.</summary>
    private void Compare(NodeHandle was)
    {
        var node = report.Node;
        if (was.Position == journal.Source.First)
        {
            // Nothing is there to compare it with; so at least its signatures speak for it.
            foreach (var finding in NodeHistory.BadSignatures(node))
            {
                Find(node.EpochStart, "the epoch's opening", finding);
            }

            return;
        }

        report.Compared++;
        if (NodeHistory.Difference(was, node) is { Length: > 0 } difference)
        {
            Find(node.EpochStart, $"the opening of epoch {node.Epoch}", $"it does not give what everything before it gave: {difference}");
        }
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        var (node, source) = (report.Node, journal.Source);
        if (node.Position != source.Next)
        {
            report.Find($"{source.Title} ends before record {node.Position}, and should before {source.Next}.");
        }

        if (node.Position < node.EpochRestated)
        {
            report.Find($"The opening of epoch {node.Epoch} takes records {node.EpochStart} to {node.EpochRestated - 1}, and the last is {node.Position - 1}.");
            return;
        }

        // The epoch that an archive names is the one behind its last record.
        if (node.EpochStart != source.EpochStart && source.EpochStart != source.Next)
        {
            report.Find($"{source.Title} says that its epoch begins at {source.EpochStart}, but the last that its records open begins at {node.EpochStart}.");
        }

        CheckRules(node);
        var digest = Convert.ToHexStringLower(NodeHistory.Digest(node).Span);
        foreach (var note in (await source.NotesAsync(cancellationToken)).Where(note => note.Name == StateNote))
        {
            if (Encoding.UTF8.GetString(note.Content.Span) is var told && !told.Contains(digest, StringComparison.Ordinal))
            {
                report.Find($"{source.Title} was made from a state that is another than its records give: {told}, not {digest}.");
            }
        }
    }

    private void CheckRules(NodeHandle node)
    {
        foreach (var rule in NodeHistory.BrokenRules(node))
        {
            Find(node.Position - 1, "the state after it", rule);
        }
    }

    private void Find(long position, string what, string finding) =>
        report.Find(string.Create(CultureInfo.InvariantCulture, $"Record {position} ({what}): {finding}"));
}
