using System.Diagnostics;
using Nitro.Ports;
using Nitro.Shell.Tests.Journal;
using Xunit;

namespace Nitro.Shell.Tests.EventStore.Real;

/// <summary>On the cluster that EVENTSTORE_URI names, whose leader the command in EVENTSTORE_KILL_LEADER kills.</summary>
public sealed class RealLeaderKilled
{
    private const int Kills = 2;
    private const int Between = 150;

    [Fact]
    public async Task Whatever_was_acknowledged_is_there_once_when_the_leader_is_killed()
    {
        var owner = RealServer.NewOwner();
        JournalEntry[] entries = Samples.Make((Kills + 1) * Between);

        await using (var journal = await RealServer.OpenAsync(owner))
        {
            var kills = new List<Task>();
            for (var i = 0; i < entries.Length; i++)
            {
                if (i > 0 && i % Between == 0)
                {
                    // The second of them comes when the first has been survived.
                    await Task.WhenAll(kills);
                    kills.Add(KillLeaderAsync());
                }

                await Samples.Appended(journal, i, [entries[i]], i + 1);
            }

            await Task.WhenAll(kills);
        }

        await using var reopened = await RealServer.OpenAsync(owner);
        await Samples.Holds(reopened, entries);
    }

    private static async Task KillLeaderAsync()
    {
        using var killer = Process.Start("/bin/sh", ["-c", Environment.GetEnvironmentVariable("EVENTSTORE_KILL_LEADER")!]);
        await killer.WaitForExitAsync();
        Assert.Equal(0, killer.ExitCode);
    }
}
