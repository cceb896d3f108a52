using System.CommandLine;

namespace Nitro.Cli.Journal;

/// <summary><c>nitro journal why</c>: the story of one channel or objective.</summary>
internal static class WhyCommand
{
    /// <summary>The command.</summary>
    public static Command Create(JournalOptions options)
    {
        var what = new Argument<string>("channel") { Description = "A channel or an objective; its beginning is enough" };
        var full = new Option<bool>("--full") { Description = "Ids in full" };
        return options.Reading(
            new Command("why", "Tell a channel's story: who said what, what was awaited, which promise was kept when") { what, full },
            async (parse, journal, cancellationToken) =>
            {
                var wanted = parse.GetRequiredValue(what);
                var story = new ChannelStory(journal, wanted, parse.GetValue(full) ? Wording.Plain : Wording.Short, parse.InvocationConfiguration.Output);
                await story.TellAsync(cancellationToken);
                return 0;
            });
    }
}
