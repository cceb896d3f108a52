using System.Net;
using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Nitro.EventStore;
using Nitro.EventStore.Streams;
using Nitro.FakeEventStore;
using Nitro.Ports;
using Nitro.Shell.Tests.Grpc;
using Nitro.Shell.Tests.Journal;
using Xunit;

namespace Nitro.Shell.Tests.EventStore;

/// <summary>Servers that are not there, not to be trusted or not willing; streams that hold what no journal of this tenant wrote.</summary>
public sealed class BadInputTests
{
    private const string Password = "hidden/wörd";

    [Fact]
    public async Task A_server_that_nobody_reaches()
    {
        await using var journals = await Journals.StartAsync();
        journals.Cluster.Nodes[0].Kill();
        journals.RetryFor = TimeSpan.FromMilliseconds(300);
        await journals.RefusedAsync("Opening the journal failed for too long", $"the server localhost:{journals.Cluster.Nodes[0].Port}");
        journals.Cluster.Nodes[0].Revive();
        await (await journals.OpenAsync()).DisposeAsync();
    }

    [Fact]
    public async Task A_cluster_that_nobody_leads()
    {
        await using var journals = await Journals.StartAsync(3);
        journals.Cluster.Elect(null);
        journals.RetryFor = TimeSpan.FromMilliseconds(300);
        await journals.RefusedAsync("no member of the cluster says that it leads");
    }

    [Theory]
    [InlineData(1, "user", "another", "the user user")]
    [InlineData(1, "another", Password, "the user another")]
    [InlineData(1, null, null, "access")]
    [InlineData(3, "user", "another", "the user user")]
    [InlineData(3, null, null, "access")]
    public async Task A_user_that_the_server_does_not_take(int nodes, string? user, string? password, string told)
    {
        using var authority = new TestAuthority();
        await using var cluster = await FakeCluster.StartAsync(nodes, tls: new HttpsConnectionAdapterOptions { ServerCertificate = authority.Server });
        (cluster.User, cluster.Password) = (user, password);
        var named = cluster.ConnectionString + Authority(authority);
        (cluster.User, cluster.Password) = ("user", Password);
        var refusal = await RefusedAsync(named);
        Assert.Contains(told, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(password ?? "hidden", refusal.ToString(), StringComparison.Ordinal);

        await using var journal = await OpenAsync(cluster.ConnectionString + Authority(authority));
        await Samples.Appended(journal, 0, Samples.Make(1), 1);
    }

    [Fact]
    public async Task One_server_that_is_not_trusted_among_others_that_have_no_leader_yet()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        FakeCluster? running = null;
        await using var cluster = await FakeCluster.StartAsync(3, tls: new HttpsConnectionAdapterOptions
        {
            ServerCertificateSelector = (connection, _) =>
                (connection?.LocalEndPoint as IPEndPoint)?.Port == running?.Nodes[2].DirectPort ? other.Server : authority.Server,
        });
        running = cluster;
        await using var journal = await OpenAsync(cluster.ConnectionString + Authority(authority) + "&maxDiscoverAttempts=2&discoveryInterval=10");
        await Samples.Appended(journal, 0, Samples.Make(1), 1);
        cluster.Elect(null);
        cluster.Nodes[0].Cut();
        var appending = Samples.Appended(journal, 1, Samples.Make(1), 2);
        await Task.Delay(500);
        Assert.False(appending.IsCompleted);
        cluster.Elect(cluster.Nodes[1]);
        await appending;
    }

    [Fact]
    public async Task An_authority_that_is_not_trusted_and_a_certificate_file_that_is_none()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        await using var cluster = await FakeCluster.StartAsync(tls: new HttpsConnectionAdapterOptions { ServerCertificate = authority.Server });
        foreach (var trust in new[] { "", Authority(other) })
        {
            Assert.Contains("tlsCaFile", (await RefusedAsync(cluster.ConnectionString + trust)).Message, StringComparison.Ordinal);
        }

        var missing = await RefusedAsync($"{cluster.ConnectionString}&tlsCaFile={authority.Folder}/none.pem");
        await File.WriteAllTextAsync($"{authority.Folder}/notes.txt", "no certificate");
        Assert.Contains("has no certificate", (await RefusedAsync($"{cluster.ConnectionString}&tlsCaFile={authority.Folder}/notes.txt")).Message, StringComparison.Ordinal);
        Assert.Contains("none.pem", missing.Message, StringComparison.Ordinal);
        await (await OpenAsync(cluster.ConnectionString + "&tlsVerifyCert=false")).DisposeAsync();
        await (await OpenAsync(cluster.ConnectionString + Authority(authority) + $"&userCertFile={authority.Folder}/client.pem&userKeyFile={authority.Folder}/client.key")).DisposeAsync();
    }

    [Fact]
    public async Task TLS_towards_a_server_without()
    {
        await using var journals = await Journals.StartAsync();
        var refusal = await RefusedAsync(journals.Cluster.ConnectionString.Replace("tls=false", "tls=true", StringComparison.Ordinal));
        Assert.Contains("tls=false", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_no_EventStoreDB()
    {
        await using var echo = await EchoServer.StartAsync();
        Assert.Contains("no EventStoreDB", (await RefusedAsync($"esdb://{echo.Address.Authority}?tls=false")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_that_never_leads()
    {
        await using var journals = await Journals.StartAsync(2);
        journals.Cluster.Nodes[1].IsReadOnly = true;
        var replica = $"esdb://localhost:{journals.Cluster.Nodes[1].Port}?tls=false";
        await using (var journal = await journals.OpenAtAsync(replica))
        {
            await Samples.Appended(journal, 0, Samples.Make(1), 1); // it named the leader
        }

        journals.Cluster.Elect(null);
        journals.RetryFor = TimeSpan.FromMilliseconds(300);
        var refusal = await Assert.ThrowsAsync<JournalException>(() => journals.OpenAtAsync(replica));
        Assert.Contains("No leader", refusal.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("nodePreference", (await RefusedAsync(replica + "&nodePreference=readOnlyReplica")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_tenants_records()
    {
        await using var journals = await Journals.StartAsync();
        await using (var other = await journals.OpenAsync("0xother"))
        {
            await Samples.Appended(other, 0, Samples.Make(3), 3);
        }

        var copied = journals.Cluster.Database.Read("nitro-0xother", 0, 3, isBackwards: false)!.Value.Events;
        journals.Cluster.Database.Append(Journals.Stream, Expectation.NoStream, copied);
        await journals.RefusedAsync("another tenant", "Record 2");
    }

    [Theory]
    [InlineData("altered", "does not match its id")]
    [InlineData("foreign", "not written by a node")]
    [InlineData("text", "not written by a node")]
    [InlineData("newer", "the form 2")]
    public async Task A_record_that_is_not_what_was_written(string what, string told)
    {
        foreach (var revision in new[] { 1, 2 })
        {
            await using var journals = await Journals.StartAsync();
            await using var journal = await journals.OpenAsync();
            await Samples.Appended(journal, 0, Samples.Make(3), 3);
            journals.Cluster.Database.Alter(Journals.Stream, revision, stored => what switch
            {
                "altered" => stored with { Data = ByteString.CopyFromUtf8("x") },
                "foreign" => stored with { Metadata = ByteString.CopyFromUtf8("""{"$correlationId":"y"}""") },
                "text" => stored with { Metadata = ByteString.CopyFromUtf8("y") },
                _ => stored with { Metadata = ByteString.CopyFromUtf8("""{"form":2,"writer":"w"}""") },
            });
            if (revision == 2)
            {
                await journals.RefusedAsync(told, "Record 2");
            }

            var seen = new List<long>();
            var broken = await Assert.ThrowsAsync<JournalException>(async () =>
            {
                await foreach (var record in journal.ReadAsync(0, default))
                {
                    seen.Add(record.Position);
                }
            });
            Assert.Contains(told, broken.Message, StringComparison.Ordinal);
            Assert.Equal(Enumerable.Range(0, revision).Select(i => (long)i), seen);
        }
    }

    [Fact]
    public async Task A_server_that_lost_what_it_had_acknowledged()
    {
        await using var journals = await Journals.StartAsync();
        await using var journal = await journals.OpenAsync();
        await Samples.Appended(journal, 0, Samples.Make(5), 5);
        journals.Cluster.Database.Forget(Journals.Stream, 2);
        var lost = await TroubleTests.FailsAsync(journal, 5, Samples.Make(1));
        Assert.Equal(JournalFailure.Permanent, lost.Failure);
        Assert.Contains("Records 3 to 4", lost.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("append")]
    [InlineData("event")]
    public async Task A_server_that_takes_less_than_a_journal_needs(string what)
    {
        await using var journals = await Journals.StartAsync();
        await using var journal = await journals.OpenAsync();
        var server = journals.Cluster.Nodes[0];
        (server.MaxAppendSize, server.MaxAppendEventSize) = what == "append" ? (4_096, int.MaxValue) : (1_000_000, 4_096);
        await Samples.Appended(journal, 0, Samples.Make(1), 1);
        var refusal = await TroubleTests.FailsAsync(journal, 1, [new JournalEntry(1, "large", 1, new byte[5_000])]);
        Assert.Equal(JournalFailure.Permanent, refusal.Failure);
        Assert.Contains($"at most 4096 bytes in one {what}", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(90, "90 minutes ahead of")]
    [InlineData(-2_880, "2880 minutes behind")]
    public async Task A_clock_far_off_is_told_and_nothing_else(int minutes, string told)
    {
        await using var journals = await Journals.StartAsync();
        journals.Time = new ShiftedClock(TimeSpan.FromMinutes(minutes));
        await using var journal = await journals.OpenAsync();
        Assert.Contains(told, Assert.Single(journals.Complaints), StringComparison.Ordinal);
        journals.Plan((FaultPoint.AfterAppend, Fault.Cut));
        await Samples.Appended(journal, 0, Samples.Make(1), 1);
    }

    [Fact]
    public async Task The_rest_of_an_append_that_is_gone_or_damaged()
    {
        foreach (var isGone in new[] { true, false })
        {
            await using var journals = await Journals.StartAsync();
            journals.RetryFor = TimeSpan.FromMilliseconds(200);
            await using (var journal = await journals.OpenAsync())
            {
                var pieces = 0;
                journals.Cluster.Faults = (point, stream) =>
                    point == FaultPoint.BeforeAppend && stream == Journals.Stream && ++pieces > 1 ? Fault.NotReady : Fault.None;
                var opening = Samples.Make(2_500).Select(entry => entry with { Body = new byte[1_000] }).ToArray();
                await Assert.ThrowsAsync<JournalException>(() => journal.OpenEpochAsync(0, opening, default).AsTask());
            }

            journals.Cluster.Faults = (_, _) => Fault.None;
            var rest = Assert.Single(journals.Cluster.Database.Names(), name => name.StartsWith("nitro_rest", StringComparison.Ordinal));
            if (isGone)
            {
                journals.Cluster.Database.Delete(rest, Expectation.Any, isForEver: false);
            }
            else
            {
                journals.Cluster.Database.Alter(rest, 1, stored => stored with { Data = ByteString.CopyFrom(Encoding.UTF8.GetBytes("x")) });
            }

            await journals.RefusedAsync(rest, isGone ? "part 0" : "part 1");
        }
    }

    private static string Authority(TestAuthority authority) => $"&tlsCaFile={authority.Folder}/authority.pem";

    private static Task<EventStoreJournal> OpenAsync(string connectionString) => EventStoreJournal.OpenAsync(
        new EventStoreJournalOptions { Settings = Nitro.EventStore.Connection.EventStoreSettings.Parse(connectionString), Owner = Journals.Owner }, CancellationToken.None);

    private static async Task<JournalException> RefusedAsync(string connectionString)
    {
        var refusal = await Assert.ThrowsAsync<JournalException>(() => OpenAsync(connectionString));
        Assert.Equal(JournalFailure.Permanent, refusal.Failure);
        return refusal;
    }

    /// <summary>A clock that runs as the others do, and shows another time.</summary>
    private sealed class ShiftedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
