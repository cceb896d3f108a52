using Nitro.FakeEventStore;
using Xunit;

namespace Nitro.Shell.Tests.Cli;

public sealed class DemoTests : IDisposable
{
    private const int Interrupted = 130;
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(3));

    [Theory]
    [InlineData("--payments", "300")]
    [InlineData("--payments", "200", "--remote-signer")]
    public Task The_whole_story_ends_well_and_leaves_nothing(params string[] flags) => EndsWellAsync(flags);

    [Fact]
    public Task The_whole_story_ends_well_with_its_journals_on_EventStoreDB() => EndsWellOnEventStoreAsync("--payments", "200", "--remote-signer");

    // The signer makes no difference to the journal: half a minute for those who have it.
    [Fact]
    [Trait("Suite", "long")]
    public Task The_same_with_keys_in_the_nodes() => EndsWellOnEventStoreAsync("--payments", "300");

    private async Task EndsWellOnEventStoreAsync(params string[] flags)
    {
        await using var cluster = await FakeCluster.StartAsync(cancellationToken: _limit.Token);
        var real = Environment.GetEnvironmentVariable("EVENTSTORE_URI");

        await EndsWellAsync([.. flags, "--journal", string.IsNullOrEmpty(real) ? cluster.ConnectionString : real]);

        Assert.Equal(string.IsNullOrEmpty(real) ? 3 : 0, cluster.Database.Names().Count(name => name.StartsWith("nitro-0x", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AStoreThatIsNoneIsRefusedBeforeAnythingIsStarted()
    {
        foreach (var store in (string[])["sqlite:x", "esdb://user:hidden@?tls=perhaps"])
        {
            using var demo = DemoRun.Start("--journal", store);
            var (code, _, errors) = await demo.EndAsync(_limit.Token);
            Assert.Equal(1, code);
            Assert.Contains("connection string", errors, StringComparison.Ordinal);
            Assert.DoesNotContain("hidden", errors, StringComparison.Ordinal);
            Assert.Empty(demo.Leftovers);
        }
    }

    private async Task EndsWellAsync(string[] flags)
    {
        using var demo = DemoRun.Start(flags);
        var (code, output, errors) = await demo.EndAsync(_limit.Token);
        Assert.True(code == 0, $"exit code {code}\n{output}\n{errors}");
        Assert.Contains("All 37 checks hold.", output, StringComparison.Ordinal);
        Assert.Contains("SIGKILL to the next answered payment", output, StringComparison.Ordinal);
        Assert.Contains("link healed to both peers connected again", output, StringComparison.Ordinal);
        Assert.Empty(errors);
        Assert.Empty(demo.Leftovers);
        Assert.Empty(demo.Survivors);
    }

    [Fact]
    public async Task Told_to_end_it_stops_what_it_started_and_says_where_its_folder_is()
    {
        using var demo = DemoRun.Start();
        while (await demo.ReadLineAsync(_limit.Token) is { } line && !line.Contains("three nodes over TCP", StringComparison.Ordinal))
        {
        }

        Assert.NotEmpty(demo.Survivors);
        await demo.TerminateAsync(_limit.Token);
        var (code, _, errors) = await demo.EndAsync(_limit.Token);
        Assert.Equal(Interrupted, code);
        var left = Assert.Single(demo.Leftovers);
        Assert.Contains(left, errors, StringComparison.Ordinal);
        Assert.Empty(demo.Survivors);
    }

    public void Dispose() => _limit.Dispose();
}
