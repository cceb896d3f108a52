using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Nitro.Host.Options;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>What a configuration must satisfy, and what its author is told otherwise.</summary>
public sealed class OptionsTests
{
    private const string Contracts =
        """
        "contracts":{"adjudicator":"0x00000000000000000000000000000000000000a1","consensusApp":"0x00000000000000000000000000000000000000a2",
          "virtualPaymentApp":"0x00000000000000000000000000000000000000a3"}
        """;

    [Fact]
    public void TheWholeSchemaIsRead()
    {
        var options = Read($$"""
            {"chain":{"url":"http://127.0.0.1:1","authToken":"t","chainId":5,"startBlock":7,"confirmations":3},
             {{Contracts}},
             "dataDirectory":"./d","journal":"memory","epochRecords":0,"keys":{"channelKeyFile":"","chainKeyFile":""},
             "rpc":{"listen":"127.0.0.1:0","origins":["https://a.example"],"hosts":[],"certificateFile":"","keyFile":"","compat":""},
             "policy":{"mode":"manual","allowPeers":[],"denyPeers":["0x00000000000000000000000000000000000000b1"],
               "largestAmount":{"*":"123","0x0000000000000000000000000000000000000000":5},"minChallengeDuration":60,
               "maxUnenforceable":{"*":"0"},"maxLocked":{} },
             "defaultChallengeDuration":100,"openingSeconds":50,
             "peers":{"0x00000000000000000000000000000000000000b2":{"dialect":"go-nitro"} },
             "log":{"level":"debug"},
             "tenants":{"alice":{"rpc":{"listen":"127.0.0.1:4006"},"policy":{"mode":"automatic"} },"bob":{"dataDirectory":"./elsewhere"} } }
            """);

        var plan = NodePlan.From(options);
        var alice = plan.Tenants.Single(tenant => tenant.Name == "alice");
        var bob = plan.Tenants.Single(tenant => tenant.Name == "bob");
        Assert.Equal((5UL, 7L, 3), (options.Chain.ChainId, options.Chain.StartBlock, options.Chain.Confirmations));
        Assert.Equal((4006, 0), (alice.Listen!.Port, bob.Listen!.Port));
        Assert.Equal(("automatic", "manual"), (alice.Policy.Mode, bob.Policy.Mode));
        Assert.Equal(60u, alice.Policy.MinChallengeDuration);
        Assert.Equal(["https://a.example"], alice.Rpc.Origins!);
        Assert.Equal(Path.GetFullPath("./d/alice/channel.key"), alice.ChannelKeyFile);
        Assert.Equal(Path.GetFullPath("./elsewhere/journal.db"), bob.JournalPath);
        using var settings = JsonDocument.Parse(SettingsJson.Write(options, alice, "0x00000000000000000000000000000000000000c1"));
        Assert.Equal("5", settings.RootElement.GetProperty("policy").GetProperty("largestAmount").GetProperty("0x0000000000000000000000000000000000000000").GetString());
        Assert.Equal(1, settings.RootElement.GetProperty("goNitroPeers").GetArrayLength());
        Assert.True(
            NitroCore.TryConfigure(SettingsJson.Write(options, alice, TestKeys.AddressOf(TestKeys.Key(1))), TestKeys.Recover, out _, out var error), error);
    }

    [Fact]
    public void WithoutTenantsThereIsOne()
    {
        var plan = NodePlan.From(Read($$"""{ {{Contracts}} }"""));

        Assert.Equal("default", Assert.Single(plan.Tenants).Name);
        Assert.Equal(4005, plan.Tenants[0].Listen!.Port);
    }

    [Fact]
    public void ATenantWithoutSettingsOfItsOwnIsATenant()
    {
        var plan = NodePlan.From(Read($$"""{ {{Contracts}}, "tenants":{"alice":{},"bob":{} } }"""));

        Assert.Equal(["alice", "bob"], plan.Tenants.Select(tenant => tenant.Name).Order());
    }

    [Theory]
    [InlineData("""{"chian":{"url":"ws://a"}}""", "chian", "chain")]
    [InlineData("""{"policy":{"minChalengeDuration":1}}""", "policy.minChalengeDuration", "minChallengeDuration")]
    [InlineData("""{"tenants":{"alice":{"rcp":{}, "rpcs":{"listen":"x"}}}}""", "tenants.alice.rpcs", "rpc")]
    [InlineData("""{"peers":{"0x00000000000000000000000000000000000000b2":{"dialekt":"nitro"}}}""", "dialekt", "dialect")]
    public void AnUnknownKeyIsNamedWithTheNearestKnownOne(string json, string key, string nearest)
    {
        var message = Assert.Throws<NodeOptionsException>(() => Read(json)).Message;

        Assert.Contains(key, message);
        Assert.Contains($"did you mean {nearest}?", message);
    }

    [Theory]
    [InlineData("""{"chain":{"url":"ftp://a"}}""", "chain.url")]
    [InlineData("""{"chain":{"confirmations":-1}}""", "chain.confirmations")]
    [InlineData("""{"chain":{"confirmations":"two"}}""", "chain.confirmations is 'two': it must be a whole number.")]
    [InlineData("""{"chain":{"chainId":-1}}""", "chain.chainId is '-1': it must be a whole number, 0 or more.")]
    [InlineData("""{"policy":{"minChallengeDuration":5000000000}}""", "policy.minChallengeDuration")]
    [InlineData("""{"chain":"ws://127.0.0.1:8545"}""", "chain is 'ws://127.0.0.1:8545': it takes settings of its own")]
    [InlineData("""{"rpc":{"origins":"https://a.example"}}""", "rpc.origins is 'https://a.example': it takes a list")]
    [InlineData("""{"journal":{"kind":"sqlite"}}""", "journal takes one value")]
    [InlineData("""{"tenants":{"alice":"yes"}}""", "tenants.alice")]
    [InlineData("""{"dataDirectory":null}""", "dataDirectory is null: give a value, or leave it out.")]
    [InlineData("""{"contracts":{"adjudicator":"0x12"}}""", "contracts.adjudicator")]
    [InlineData("""{"journal":"memory","journalReplica":"sqlite:/mnt/other"}""", "what is forgotten at each end has no replica")]
    [InlineData("""{"journalReplica":"postgres"}""", "journalReplica must be sqlite:FOLDER or a connection string of EventStoreDB.")]
    [InlineData("""{"journal":"postgres"}""", "journal must be sqlite, memory or a connection string of EventStoreDB.")]
    [InlineData("""{"journal":"esdb://localhost?tls=maybe"}""", "The option tls of the connection string is 'maybe'")]
    [InlineData("""{"rpc":{"listen":"localhost"}}""", "rpc.listen")]
    [InlineData("""{"rpc":{"compat":"go"}}""", "rpc.compat")]
    [InlineData("""{"rpc":{"certificateFile":"a.pem"}}""", "rpc.keyFile")]
    [InlineData("""{"policy":{"mode":"yes"}}""", "policy.mode")]
    [InlineData("""{"policy":{"largestAmount":{"*":"-1"}}}""", "policy.largestAmount")]
    [InlineData("""{"policy":{"largestAmount":{"eth":"1"}}}""", "policy.largestAmount")]
    [InlineData("""{"policy":{"denyPeers":["bob"]}}""", "policy.denyPeers")]
    [InlineData("""{"peers":{"bob":{}}}""", "peers")]
    [InlineData("""{"log":{"level":"loud"}}""", "log.level")]
    [InlineData("""{"tenants":{"A b":{"dataDirectory":"x"}}}""", "tenants.A b")]
    [InlineData("""{"tenants":{"a":{"dataDirectory":"x"},"b":{"dataDirectory":"x"}}}""", "share the folder")]
    [InlineData("""{"keys":{"chainKeyFile":"k"},"tenants":{"a":{"dataDirectory":"x"},"b":{"dataDirectory":"y"}}}""", "keys.chainKeyFile")]
    public void AValueThatDoesNotFitIsNamed(string json, string key) =>
        Assert.Contains(key, Assert.Throws<NodeOptionsException>(() => Read(json)).Message, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void TheTwoAppsMustDiffer()
    {
        const string Same = "0x00000000000000000000000000000000000000Aa";
        var json = $$"""{"contracts":{"adjudicator":"{{Same}}","consensusApp":"{{Same}}","virtualPaymentApp":"{{Same.ToLowerInvariant()}}"} }""";

        Assert.Contains("contracts.virtualPaymentApp", Assert.Throws<NodeOptionsException>(() => Read(json)).Message);
    }

    [Fact]
    public void FlagsGoOverTheFile()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, $$"""{ {{Contracts}}, "openingSeconds": 5, "journal": "memory" }""");

            var options = NodeConfiguration.Load(file, ["--openingSeconds", "9", "--chain:confirmations=0"]);

            Assert.Equal((9u, 0, "memory"), (options.OpeningSeconds, options.Chain.Confirmations, options.Journal));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void AnAbsentOrMalformedFileIsNamed()
    {
        Assert.Contains("nowhere.json", Assert.Throws<NodeOptionsException>(() => NodeConfiguration.Load("nowhere.json", [])).Message);
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "{ \"journal\": \"memory\"\n  \"log\": {} }");
            var message = Assert.Throws<NodeOptionsException>(() => NodeConfiguration.Load(file, [])).Message;
            Assert.Contains(file, message);
            Assert.Contains("line 2, column 3: '\"' is invalid after a value.", message);
            Assert.DoesNotContain("LineNumber", message);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static NodeOptions Read(string json) =>
        NodeConfiguration.Read(new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build());
}
