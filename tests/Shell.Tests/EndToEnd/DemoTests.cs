using System.Text.RegularExpressions;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>The program that a newcomer starts first.</summary>
public sealed partial class DemoTests
{
    [Theory]
    [InlineData("--payments")]
    [InlineData("--remote-signer", "--payments")]
    public async Task TheDemoHoldsAndLeavesNothingBehind(params string[] flags)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(180));
        var temporary = Directory.CreateTempSubdirectory("e2e-demo-");
        var mark = Guid.NewGuid().ToString("N");
        try
        {
            await using var demo = NodeProcess.Start(
                ["demo", .. flags, "200"], new Dictionary<string, string> { ["TMPDIR"] = temporary.FullName, ["STARTED_BY_TEST"] = mark });
            var code = await demo.EndAsync(deadline.Token);

            Assert.True(code == 0, $"{demo.Output}\n{demo.Error}");
            Assert.Matches(AllChecks(), demo.Output);
            Assert.Contains("SIGKILL to the next answered payment", demo.Output);
            Assert.Empty(temporary.GetFileSystemInfos("nitro-*"));
            await Wait.UntilAsync(() => ProcessesWith(mark).Count == 0, deadline.Token);
        }
        finally
        {
            temporary.Delete(recursive: true);
        }
    }

    /// <summary>Children inherit the environment, and theirs do.</summary>
    private static List<string> ProcessesWith(string mark)
    {
        var found = new List<string>();
        foreach (var process in Directory.Exists("/proc") ? Directory.GetDirectories("/proc") : [])
        {
            try
            {
                if (File.ReadAllText(Path.Combine(process, "environ")).Contains(mark, StringComparison.Ordinal))
                {
                    found.Add(process);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, is another user's, or is no process.
            }
        }

        return found;
    }

    [GeneratedRegex(@"All \d\d+ checks hold\.")]
    private static partial Regex AllChecks();
}
