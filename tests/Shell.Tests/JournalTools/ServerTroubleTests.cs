using Microsoft.AspNetCore.Server.Kestrel.Https;
using Nitro.EventStore.Streams;
using Nitro.FakeEventStore;
using Nitro.Ports;
using Nitro.Shell.Tests.Grpc;
using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>Tools on a server that is not there, not willing, or holds what no journal of this node wrote: each says what is wrong and what to do, and changes nothing.</summary>
public sealed class ServerTroubleTests(LivedJournal lived) : IClassFixture<LivedJournal>, IAsyncLifetime
{
    private const string Password = "hidden-w0rd";
    private static readonly string[] Readers = ["verify", "tail", "at"];
    private FakeCluster cluster = null!;

    private string Store => $"{cluster.ConnectionString}&discoveryInterval=20&gossipTimeout=1000#{lived.Owner}";

    private string Stream => $"nitro-{lived.Owner}";

    public async Task InitializeAsync() => cluster = await FakeCluster.StartAsync();

    public async Task DisposeAsync() => await cluster.DisposeAsync();

    [Fact]
    public async Task AServerThatNobodyReaches()
    {
        cluster.Nodes[0].Kill();
        var refusal = await Tool.RefusedAsync("verify", "-j", Store);
        Assert.Contains($"localhost:{cluster.Nodes[0].Port}", refusal, StringComparison.Ordinal);
        Assert.Contains("failed for too long", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AUserThatTheServerDoesNotTake()
    {
        using var authority = new TestAuthority();
        await using var secure = await FakeCluster.StartAsync(tls: new HttpsConnectionAdapterOptions { ServerCertificate = authority.Server });
        (secure.User, secure.Password) = ("reader", Password);
        var named = $"{secure.ConnectionString}&tlsCaFile={authority.Folder}/authority.pem#{lived.Owner}";
        secure.Password = "another";
        foreach (var refusal in new[] { await Tool.RefusedAsync("verify", "-j", named), await Tool.RefusedAsync("migrate", lived.Store, named), await Tool.RefusedAsync("compact", lived.New("a"), "-j", named) })
        {
            Assert.Contains("the user reader", refusal, StringComparison.Ordinal);
            Assert.DoesNotContain(Password, refusal, StringComparison.Ordinal);
        }

        Assert.Contains("tlsCaFile", await Tool.RefusedAsync("verify", "-j", $"{secure.ConnectionString}#{lived.Owner}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("esdb://user:hidden-w0rd@server?tls=perhaps#0x12", "true or false")]
    [InlineData("esdb://user:hidden-w0rd@server:2113?tls=false", "Whose journal?")]
    [InlineData("esdb://user:hidden-w0rd@server:2113?tls=false#", "channel address")]
    [InlineData("esdb://user:hidden-w0rd@server:2113?tls=false#../x", "channel address")]
    [InlineData("mongodb://user:hidden-w0rd@server", "No store is called 'mongodb'")]
    public async Task ATextThatNamesNoJournal(string store, string told)
    {
        foreach (var command in (string[][])[["verify", "-j", store], ["migrate", store, lived.New("to.db")], ["compact", lived.New("archive"), "-j", store]])
        {
            var refusal = await Tool.RefusedAsync(command);
            Assert.Contains(told, refusal, StringComparison.Ordinal);
            Assert.DoesNotContain(Password, refusal, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AStoreThatIsNamedAsAnothersIsNotFilled()
    {
        Assert.Contains("Leave the address out", await Tool.RefusedAsync("migrate", lived.Store, $"{cluster.ConnectionString}#0x12"), StringComparison.Ordinal);
        Assert.Empty(cluster.Database.Names());
    }

    [Fact]
    public async Task AStreamThatIsNotThere()
    {
        foreach (var reader in Readers)
        {
            Assert.Contains($"There is no journal in the stream {Stream}", await Tool.RefusedAsync(reader, "-j", Store), StringComparison.Ordinal);
        }

        Assert.Contains("There is no journal", await Tool.RefusedAsync("migrate", Store, lived.New("to.db")), StringComparison.Ordinal);
        Assert.Empty(cluster.Database.Names());
    }

    [Fact]
    public async Task AnotherTenantsStream()
    {
        await FilledAsync();
        var copied = cluster.Database.Read(Stream, 0, 5, isBackwards: false)!.Value.Events;
        cluster.Database.Append("nitro-0x12", Expectation.NoStream, copied);
        foreach (var reader in Readers)
        {
            Assert.Contains("another tenant", await Tool.RefusedAsync(reader, "-j", Store.Replace(lived.Owner, "0x12", StringComparison.Ordinal)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("foreign", "not written by a node")]
    [InlineData("altered", "does not match its id")]
    [InlineData("newer", "the form 2")]
    public async Task AnEventThatNoNodeWrote(string what, string told)
    {
        await FilledAsync();
        cluster.Database.Alter(Stream, 7, stored => what switch
        {
            "foreign" => stored with { Metadata = Google.Protobuf.ByteString.CopyFromUtf8("""{"$correlationId":"y"}""") },
            "altered" => stored with { Data = Google.Protobuf.ByteString.CopyFromUtf8("{}") },
            _ => stored with { Metadata = Google.Protobuf.ByteString.CopyFromUtf8("""{"form":2,"writer":"w"}""") },
        });
        var (file, to) = (lived.New("export.jsonl"), lived.New("to.db"));
        foreach (var command in (string[][])[["verify"], ["at", "30"], ["why", lived.Channel], ["tail", "--from", "0"], ["export", file], ["compact", file]])
        {
            var refusal = await Tool.RefusedAsync([.. command, "-j", Store]);
            Assert.Contains(told, refusal, StringComparison.Ordinal);
            Assert.Contains("Record 7 ", refusal, StringComparison.Ordinal);
        }

        Assert.Contains("Record 7 ", await Tool.RefusedAsync("migrate", Store, to), StringComparison.Ordinal);
        Assert.False(File.Exists(file));
        Assert.False(File.Exists(to));
        Assert.Equal(0, cluster.Database.Read(Stream, 0, 1, isBackwards: false)!.Value.First);
    }

    [Fact]
    public async Task AGapInTheStream()
    {
        await FilledAsync();
        cluster.Database.Truncate(Stream, lived.EpochStart + 3);
        foreach (var reader in Readers)
        {
            Assert.Contains($"begins with record {lived.EpochStart + 3}, which opens no epoch", await Tool.RefusedAsync(reader, "-j", Store), StringComparison.Ordinal);
        }

        Assert.Contains("--archive", await Tool.RefusedAsync("migrate", Store, $"{cluster.ConnectionString}#{lived.Owner}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARecordThatTheServerDoesNotTake()
    {
        cluster.Nodes[0].MaxAppendSize = 400;
        Assert.Contains("at most 400 bytes", await Tool.RefusedAsync("migrate", lived.Store, Store), StringComparison.Ordinal);
        cluster.Nodes[0].MaxAppendSize = AppendSize.Append;
        await Tool.DoneAsync("migrate", lived.Store, Store);
        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", Store), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MetadataThatAreNoneAreNotOverwritten()
    {
        await FilledAsync();
        var archive = lived.New("archive.jsonl");
        var odd = new StoredEvent(Guid.NewGuid(), "", 0, "$other", true, Google.Protobuf.ByteString.Empty, Google.Protobuf.ByteString.CopyFromUtf8("[1]"), 0, 0);
        cluster.Database.Append("$$" + Stream, Expectation.Any, [odd]);
        Assert.Contains("Nothing was hidden", await Tool.RefusedAsync("compact", archive, "-j", Store), StringComparison.Ordinal);
        Assert.Equal(0, cluster.Database.Read(Stream, 0, 1, isBackwards: false)!.Value.First);
    }

    private Task<string> FilledAsync() => Tool.DoneAsync("migrate", lived.Store, Store);
}
