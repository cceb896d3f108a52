using System.Numerics;
using System.Text.Json.Nodes;
using Nitro.JsonRpc;
using Nitro.Shell.Tests.EndToEnd;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>A node without keys and its signers, all processes of their own, on a real chain.</summary>
public sealed class RemoteNodeTests(Lab lab) : IClassFixture<Lab>
{
    private static readonly BigInteger Milli = BigInteger.Pow(10, 15);

    [Fact]
    public async Task PaymentsGoOnThroughKillsOfSignerAndNode()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        world.Config["signer"] = "remote";
        foreach (var party in world.Parties)
        {
            world.Tenant(party.Name).Remove("keys");
        }

        await using var bobs = Signer(world, "bob");
        await using (var alices = Signer(world, "alice"))
        {
            await world.StartProcessAsync();
            await AttachedAsync(world, "alice", 1);
            await AttachedAsync(world, "bob", 1);
            var ledger = await world.OpenLedgerAsync("alice", "bob", 10 * Milli, 10 * Milli);
            Assert.Equal("Open", (await world.LedgerAsync("alice", ledger)).Status);
        }

        var channel = (string?)null;
        await AttachedAsync(world, "alice", 0);
        var refused = await Assert.ThrowsAsync<RpcError>(() => world.ProposePaymentsAsync(["alice", "bob"], Milli));
        Assert.Equal("no-signer", refused.Tag);
        Assert.NotNull((await world["alice"].CallAsync("get_all_ledger_channels", null, null, world.Token)).GetRawText());

        await using (var alices = Signer(world, "alice"))
        {
            await AttachedAsync(world, "alice", 1);
            channel = await world.OpenPaymentsAsync(["alice", "bob"], Milli);
            await world.PayAsync("alice", channel, 10);
            await alices.KillAsync(world.Token);
        }

        await AttachedAsync(world, "alice", 0);

        // With an id of its own the caller chooses to wait, and the node goes on with it even through a restart.
        var waiting = world.PayAsync("alice", channel, 5, "a-request-that-waits");
        await Wait.UntilAsync(async () => await PendingAsync(world, "alice") == 1, world.Token);
        await world.Process!.KillAsync(world.Token);
        await Assert.ThrowsAsync<RpcUnreachable>(() => waiting);
        await world.StartProcessAsync();
        await Wait.UntilAsync(async () => await PendingAsync(world, "alice") == 1, world.Token);
        await using var again = Signer(world, "alice");
        await world.PayAsync("alice", channel, 5, "a-request-that-waits");
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) == 15, world.Token);
        await world.Process!.KillAsync(world.Token);
        AssertNoKeys(world);
    }

    [Fact]
    public async Task BeforeTheFirstContactItSaysThatItWaits()
    {
        await using var world = await World.BuildAsync(lab, "carol");
        world.Config["signer"] = new JsonObject { ["remote"] = new JsonObject { ["listen"] = SocketOf(world, "carol") } };
        world.Tenant("carol").Remove("keys");
        await world.StartAsync();

        var refused = await Assert.ThrowsAsync<RpcError>(() => world["carol"].CallAsync("get_address", null, null, world.Token));
        Assert.Equal("waiting-for-signer", refused.Tag);
        Assert.NotEqual("", (await world["carol"].CallAsync("version", null, null, world.Token)).GetString());
        await using var signer = Signer(world, "carol");
        await Wait.UntilAsync(
            async () => string.Equals(await AddressAsync(world, "carol"), world["carol"].AddressText, StringComparison.OrdinalIgnoreCase), world.Token);
        Assert.Contains("waiting for signer", world.Log.Text);
    }

    private static string SocketOf(World world, string name) => $"unix://{Path.Combine(world.DataDirectory, name, "signer.sock")}";

    private static NodeProcess Signer(World world, string name) => NodeProcess.Start(
        [
            "--node", SocketOf(world, name), "--data-directory", Path.Combine(Path.GetDirectoryName(world.ConfigFile)!, $"signer-{name}"),
            "--channel-key-file", world[name].ChannelKeyFile, "--chain-key-file", world[name].ChainKeyFile, "--end-with-stdin",
        ],
        program: "nitro-signer");

    private static async Task<int> PendingAsync(World world, string name) => await SignerAsync(world, name, "pending");

    private static Task AttachedAsync(World world, string name, int count) =>
        Wait.UntilAsync(async () => await SignerAsync(world, name, "attached") == count, world.Token);

    private static async Task<int> SignerAsync(World world, string name, string figure) =>
        (await world[name].CallAsync("get_node_statistics", null, null, world.Token)).GetProperty("signer").GetProperty(figure).GetInt32();

    private static async Task<string?> AddressAsync(World world, string name)
    {
        try
        {
            return (await world[name].CallAsync("get_address", null, null, world.Token)).GetString();
        }
        catch (RpcError e) when (e.Tag == "waiting-for-signer")
        {
            return null;
        }
    }

    private static void AssertNoKeys(World world)
    {
        foreach (var party in world.Parties)
        {
            foreach (var key in (string[])[party.ChannelKeyFile, party.ChainKeyFile])
            {
                var text = File.ReadAllText(key).Trim()[2..];
                foreach (var file in Directory.EnumerateFiles(world.DataDirectory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".sock", StringComparison.Ordinal)))
                {
                    using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                    var bytes = new byte[stream.Length];
                    stream.ReadExactly(bytes);
                    Assert.Equal(-1, bytes.AsSpan().IndexOf(Convert.FromHexString(text)));
                    Assert.Equal(-1, bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(text)));
                }
            }
        }
    }
}
