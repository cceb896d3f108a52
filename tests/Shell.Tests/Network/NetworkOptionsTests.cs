using System.Text;
using Microsoft.Extensions.Configuration;
using Nitro.Host.Options;
using Xunit;

namespace Nitro.Shell.Tests.Network;

/// <summary>The settings of network and peers.</summary>
public sealed class NetworkOptionsTests
{
    private const string AlicesPeer = "16Uiu2HAmSjXJqsyBJgcBUU2HQmykxGseafSatbpq5471XmuaUqyv";
    private const string Alice = "0xAAA6628Ec44A8a742987EF3A114dDFE2D4F7aDCE";
    private const string Contracts =
        """
        "contracts":{"adjudicator":"0x00000000000000000000000000000000000000a1","consensusApp":"0x00000000000000000000000000000000000000a2",
          "virtualPaymentApp":"0x00000000000000000000000000000000000000a3"}
        """;

    [Fact]
    public void The_whole_section_is_read_and_a_tenant_has_its_own_over_it()
    {
        var plan = Read($$"""
            "network":{"bootPeers":["/ip4/203.0.113.7/tcp/3005/p2p/{{AlicesPeer}}"],"maxConnections":7},
            "tenants":{"a":{"network":{"listen":["0.0.0.0:3005","/ip6/::1/tcp/3006"],"announce":["/dns4/node.example/tcp/3005"]} },"b":{"network":{"bootPeers":[]} } }
            """);

        var (a, b) = (plan.Tenants[0].Network, plan.Tenants[1].Network);
        Assert.Equal(["/ip4/0.0.0.0/tcp/3005", "/ip6/::1/tcp/3006"], a.Listen.Select(address => address.ToString()));
        Assert.Equal(["/dns4/node.example/tcp/3005"], a.Announce.Select(address => address.ToString()));
        Assert.Equal(AlicesPeer, Assert.Single(a.BootPeers).Peer!.ToString());
        Assert.Equal((7, 7), (a.MaxConnections, b.MaxConnections));
        Assert.Empty(b.Listen);
        Assert.Empty(b.BootPeers);
    }

    [Fact]
    public void The_only_tenant_listens_on_the_usual_port_unless_told_to_listen_nowhere()
    {
        Assert.Equal("/ip4/127.0.0.1/tcp/3005", Assert.Single(Read("").Tenants[0].Network.Listen).ToString());
        Assert.Empty(Read("""  "network":{"listen":[]} """).Tenants[0].Network.Listen);
        Assert.All(Read("""  "tenants":{"a":{},"b":{}} """).Tenants, tenant => Assert.Empty(tenant.Network.Listen));
    }

    [Fact]
    public void A_place_of_a_peer_is_taken_if_its_id_is_of_the_address_or_tells_none()
    {
        Assert.NotNull(Read($$""" "peers":{"{{Alice}}":{"at":"/dns4/a.example/tcp/1/p2p/{{AlicesPeer}}"} } """));
        Assert.NotNull(Read($$""" "peers":{"{{Alice}}":{"at":"/ip4/127.0.0.1/tcp/1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"} } """));
    }

    [Theory]
    [InlineData(""" "network":{"listen":"127.0.0.1:3005"} """, "network.listen is '127.0.0.1:3005': it takes a list of values.")]
    [InlineData(""" "network":{"listen":["localhost:3005"]} """, "network.listen names 'localhost:3005': give a multiaddr")]
    [InlineData(""" "network":{"listen":["/dns4/a.example/tcp/3005"]} """, "network.listen names")]
    [InlineData(""" "network":{"listen":["/ip4/0.0.0.0/udp/3005"]} """, "network.listen names")]
    [InlineData(""" "network":{"announce":["a.example:3005"]} """, "network.announce names 'a.example:3005': give a multiaddr without peer id")]
    [InlineData(""" "network":{"bootPeers":["/ip4/127.0.0.1/tcp/3005"]} """, "network.bootPeers names '/ip4/127.0.0.1/tcp/3005': give a multiaddr with a peer id")]
    [InlineData(""" "network":{"maxConnections":0} """, "network.maxConnections is 0: it must be 1 to 65536.")]
    [InlineData(""" "network":{"maxConnections":"many"} """, "network.maxConnections is 'many': it must be a whole number")]
    [InlineData(""" "network":{"bootpeer":[]} """, "network.bootpeer is no setting: did you mean bootPeers?")]
    [InlineData(""" "network":{"listen":["127.0.0.1:1"]},"tenants":{"a":{},"b":{}} """, "network.listen and network.announce would be shared")]
    [InlineData(
        """ "tenants":{"a":{"network":{"listen":["127.0.0.1:1"]}},"b":{"network":{"listen":["/ip4/127.0.0.1/tcp/1"]}}} """,
        "Tenants a and b listen for peers at /ip4/127.0.0.1/tcp/1 both")]
    [InlineData(""" "peers":{"0x00000000000000000000000000000000000000b2":{"at":"10.0.0.1:3005"}} """, "peers.0x00000000000000000000000000000000000000b2.at is '10.0.0.1:3005'")]
    [InlineData(
        $$""" "peers":{"0x00000000000000000000000000000000000000b2":{"at":"/ip4/127.0.0.1/tcp/1/p2p/{{AlicesPeer}}"} } """,
        $"that peer id is of the address {Alice}: give the other node's own.")]
    public void What_does_not_fit_is_named(string settings, string complaint) =>
        Assert.Contains(complaint, Assert.Throws<NodeOptionsException>(() => Read(settings)).Message, StringComparison.Ordinal);

    private static NodePlan Read(string settings) => NodePlan.From(NodeConfiguration.Read(new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ {{Contracts}}{{(settings.Length > 0 ? "," : "")}} {{settings}} }"""))).Build()));
}
