using System.CommandLine;

namespace Nitro.Cli.Journal;

/// <summary><c>nitro journal</c>: what an append-only history is good for.</summary>
internal static class JournalCommand
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create()
    {
        var journal = new Command("journal", "Read a node's journal: check it, follow it, go back in time, copy, archive and pack it");
        var options = new JournalOptions();
        options.AddTo(journal);
        journal.Subcommands.Add(VerifyCommand.Create(options));
        journal.Subcommands.Add(TailCommand.Create(options));
        journal.Subcommands.Add(AtCommand.Create(options));
        journal.Subcommands.Add(WhyCommand.Create(options));
        CopyCommands.AddTo(journal, options);
        journal.Subcommands.Add(CompactCommand.Create(options));
        journal.Subcommands.Add(BundleCommand.Create(options));
        return journal;
    }
}
