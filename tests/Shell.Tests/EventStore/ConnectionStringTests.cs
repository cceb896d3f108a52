using Nitro.EventStore.Connection;
using Xunit;

namespace Nitro.Shell.Tests.EventStore;

public sealed class ConnectionStringTests
{
    [Fact]
    public void What_is_left_out_has_the_usual_value()
    {
        var settings = EventStoreSettings.Parse("esdb://localhost");
        Assert.Equal([new ServerAddress("localhost", 2113)], settings.Servers);
        Assert.Equal((false, true, true), (settings.Discovers, settings.Tls, settings.VerifiesCertificate));
        Assert.Equal((null, null, null), (settings.User, settings.Password, settings.AuthorityFile));
        Assert.Equal((NodePreference.Leader, 10), (settings.Preference, settings.DiscoverAttempts));
        Assert.Equal(
            [100, 5_000, 10_000, 10_000, 10_000],
            new[] { settings.DiscoverInterval, settings.GossipTimeout, settings.Deadline, settings.PingInterval, settings.PingTimeout }.Select(time => time.TotalMilliseconds));
    }

    [Fact]
    public void Every_option_is_understood_in_any_spelling_of_its_key()
    {
        var settings = EventStoreSettings.Parse(
            "esdb+discover://ad%3Amin:p%40ss%2Fw:ord@one:1,two,[::1]:3/?TLS=true&tlsverifycert=false&tlsCaFile=%2Fca.pem&userCertFile=c.pem&userKeyFile=k.pem"
            + "&nodePreference=read_only_replica&maxDiscoverAttempts=3&discoveryInterval=4&gossipTimeout=5&defaultDeadline=6&keepAliveInterval=-1&keepAliveTimeout=7000"
            + "&connectionName=my%20node&throwOnAppendFailure=false");
        Assert.Equal([new("one", 1), new("two", 2113), new("::1", 3)], settings.Servers);
        Assert.Equal(("ad:min", "p@ss/w:ord", true, true, false), (settings.User, settings.Password, settings.Discovers, settings.Tls, settings.VerifiesCertificate));
        Assert.Equal(("/ca.pem", "c.pem", "k.pem", "my node"), (settings.AuthorityFile, settings.ClientCertificateFile, settings.ClientKeyFile, settings.ConnectionName));
        Assert.Equal((NodePreference.ReadOnlyReplica, 3), (settings.Preference, settings.DiscoverAttempts));
        Assert.Equal(
            [4, 5, 6, -1, 7_000],
            new[] { settings.DiscoverInterval, settings.GossipTimeout, settings.Deadline, settings.PingInterval, settings.PingTimeout }.Select(time => time.TotalMilliseconds));
    }

    [Theory]
    [InlineData("esdb://a", false)]
    [InlineData("esdb://a,b", true)]
    [InlineData("ESDB+Discover://a", true)]
    [InlineData("kurrentdb://a", false)]
    [InlineData("kdb+discover://a", true)]
    public void Members_are_asked_for_the_leader_where_there_are_several_or_it_is_wished(string text, bool discovers)
    {
        Assert.True(EventStoreSettings.IsConnectionString(text));
        Assert.Equal(discovers, EventStoreSettings.Parse(text).Discovers);
    }

    [Theory]
    [InlineData("http://localhost", "esdb://")]
    [InlineData("localhost:2113", "esdb://")]
    [InlineData("esdb://", "no server")]
    [InlineData("esdb://a:0", "'a:0'")]
    [InlineData("esdb://a:65536", "'a:65536'")]
    [InlineData("esdb://a:b", "'a:b'")]
    [InlineData("esdb://a,,b", "''")]
    [InlineData("esdb://a/path", "/path")]
    [InlineData("esdb://hidden@a", "colon")]
    [InlineData("esdb://:hidden@a", "colon")]
    [InlineData("esdb://a?tls=perhaps", "true or false")]
    [InlineData("esdb://a?tls=true&TLS=false", "twice")]
    [InlineData("esdb://a?hurry=yes", "hurry")]
    [InlineData("esdb://a?tlsCaFile=", "tlsCaFile")]
    [InlineData("esdb://a?defaultDeadline=0", "above 0")]
    [InlineData("esdb://a?maxDiscoverAttempts=ten", "ten")]
    [InlineData("esdb://a?keepAliveInterval=10", "at least 1000")]
    [InlineData("esdb://a?nodePreference=boss", "readOnlyReplica")]
    [InlineData("esdb://a?userCertFile=c.pem", "userKeyFile")]
    [InlineData("esdb://a?connectionName=%C3%A4", "ASCII")]
    [InlineData("esdb://user:hidden@a b", "'a b'")]
    [InlineData("esdb://user:hidden@a?x=1", "'x'")]
    public void What_is_wrong_is_named_and_nothing_secret_is_repeated(string text, string told)
    {
        var complaint = Assert.Throws<FormatException>(() => EventStoreSettings.Parse(text)).Message;
        Assert.Contains(told, complaint, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", complaint, StringComparison.Ordinal);
    }

    [Fact]
    public void As_text_settings_have_nothing_secret()
    {
        var text = EventStoreSettings.Parse("esdb+discover://user:hidden@a:1?connectionName=x").ToString();
        Assert.Equal("esdb+discover://a:1", text);
        Assert.Equal("esdb://a:1,b:2113", $"{EventStoreSettings.Parse("esdb://user:hidden@a:1,b")}");
    }
}
