using System.Numerics;
using System.Text.Json.Nodes;
using Nitro.Cli.Rpc;
using Nitro.JsonRpc;
using Nitro.Ports;
using Nitro.Shell.Tests.EndToEnd;
using Nitro.Signing.Calls;
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
        world.WithoutKeys("alice", "bob");
        await using var bobs = world.StartSigner("bob");
        await using (var alices = world.StartSigner("alice"))
        {
            await world.StartProcessAsync();
            await world.AttachedAsync("alice", 1);
            await world.AttachedAsync("bob", 1);
            var ledger = await world.OpenLedgerAsync("alice", "bob", 10 * Milli, 10 * Milli);
            Assert.Equal("Open", (await world.LedgerAsync("alice", ledger)).Status);
        }

        var channel = (string?)null;
        await world.AttachedAsync("alice", 0);
        var refused = await Assert.ThrowsAsync<RpcError>(() => world.ProposePaymentsAsync(["alice", "bob"], Milli));
        Assert.Equal("no-signer", refused.Tag);

        // What needs no signature goes through to its own answer.
        var rejected = await Assert.ThrowsAsync<RpcError>(() => world["alice"].CallAsync(
            "reject_objective", json => json.WriteString("ObjectiveId", "DirectFunding-0x" + new string('1', 64)), null, world.Token));
        Assert.NotEqual("no-signer", rejected.Tag);
        Assert.NotNull((await world["alice"].CallAsync("get_all_ledger_channels", null, null, world.Token)).GetRawText());

        await using (var alices = world.StartSigner("alice"))
        {
            await world.AttachedAsync("alice", 1);
            channel = await world.OpenPaymentsAsync(["alice", "bob"], Milli);
            await world.PayAsync("alice", channel, 10);
            await alices.KillAsync(world.Token);
        }

        await world.AttachedAsync("alice", 0);

        // With an id of its own the caller chooses to wait, and the node goes on with it even through a restart.
        var waiting = world.PayAsync("alice", channel, 5, "a-request-that-waits");
        await Wait.UntilAsync(async () => await world.PendingAsync("alice") == 1, world.Token);
        await world.Process!.KillAsync(world.Token);
        await Assert.ThrowsAsync<RpcUnreachable>(() => waiting);
        await world.StartProcessAsync();

        // The voucher, and the new process's proof of who it is on the network.
        await Wait.UntilAsync(async () => await world.PendingAsync("alice") == 2, world.Token);
        await using var again = world.StartSigner("alice");
        await world.PayAsync("alice", channel, 5, "a-request-that-waits");
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) == 15, world.Token);
        await world.Process!.KillAsync(world.Token);
        AssertNoKeys(world);
    }

    [Fact]
    public async Task TheHostsMemoryAndDiskHoldNoKeyAndTheSignersMemoryHoldsItsOwn()
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // elsewhere no process shows its memory without a debugger
        }

        await using var world = await World.BuildAsync(lab, "alice", "bob");
        await using var alices = world.StartSigner("alice");
        await using var bobs = world.StartSigner("bob");
        var channel = await world.StartWithChannelAsync();
        await world.PayAsync("alice", channel, 10);
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) == 10, world.Token);

        var secrets = Secrets(world);
        var (found, bytes) = ProcessMemory.Search(world.Process!.Id, secrets);
        Assert.Empty(found);
        Assert.True(bytes > 50_000_000, $"only {bytes} bytes of the host could be read");

        // The same search finds what there is, or it would prove nothing.
        Assert.Equal(["alice chain", "alice channel"], ProcessMemory.Search(alices.Id, secrets).Found.Order(StringComparer.Ordinal));
        Assert.Equal(["bob chain", "bob channel"], ProcessMemory.Search(bobs.Id, secrets).Found.Order(StringComparer.Ordinal));
        await world.Process!.KillAsync(world.Token);
        AssertNoKeys(world);
    }

    [Fact]
    public async Task ASignedCallIsJudgedAtTheNodeAndOnceMoreAtTheSigner()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        await using var alices = world.StartSigner("alice");
        await using var bobs = world.StartSigner("bob");
        var channel = await world.StartWithChannelAsync();
        var file = Path.Combine(Path.GetDirectoryName(world.ConfigFile)!, "phone.key");
        var key = await RemoteStory.SaidAsync("nitro", "device", "new", file);
        using var device = DeviceKey.LoadOrCreate(file);
        using var client = world.Signing("alice", (method, payload) => device.Sign(world["alice"].Address, method, payload.Span, DateTimeOffset.UtcNow));
        Task<ReadOnlyMemory<byte>> PayAsync(RpcClient by) =>
            by.CallAsync("pay", System.Text.Encoding.UTF8.GetBytes($$"""{"Amount":5,"Channel":"{{channel}}"}"""), null, world.Token);
        async Task<(int Code, string? Tag)> RefusedAsync(RpcClient by)
        {
            var refused = await Assert.ThrowsAsync<RpcError>(() => PayAsync(by));
            return (refused.Code, refused.Tag);
        }

        Assert.Equal((-32012, "device-unknown"), await RefusedAsync(client));
        await RemoteStory.SaidAsync("nitro", "device", "enrol", key, "--name", "phone", "--config", world.ConfigFile, "--tenant", "alice");

        // The node takes it now, and shows it to a signer that does not know the device.
        var (code, tag) = await RefusedAsync(client);
        Assert.NotEqual(-32012, code);
        Assert.Contains("device-unknown", tag);
        var opening = await ProposeAsync(world, client);
        Assert.Contains("device-unknown", (await world.ReachesAsync("alice", opening.Objective, "Rejected")).GetRawText());
        await RemoteStory.SaidAsync("nitro-signer", "devices", "enrol", key, "--name", "phone", "--data-directory", world.SignerFolder("alice"));
        await PayAsync(client);
        opening = await ProposeAsync(world, client);
        await world.CompletedAsync(opening.Objective, "alice", "bob");
        await RemoteStory.SaidAsync("nitro", "rpc", "pay", channel, "5", "--endpoint", world["alice"].Listen, "--sign-with", file);
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) == 10, world.Token);

        CallSignature? first = null;
        using var replaying = world.Signing(
            "alice", (method, payload) => first ??= device.Sign(world["alice"].Address, method, payload.Span, DateTimeOffset.UtcNow));
        await PayAsync(replaying);
        Assert.Equal((-32012, "call-replayed"), await RefusedAsync(replaying));
        using var muddled = world.Signing(
            "alice", (_, payload) => device.Sign(world["alice"].Address, "create_voucher", payload.Span, DateTimeOffset.UtcNow));
        Assert.Equal((-32012, "call-other-method"), await RefusedAsync(muddled));

        // Not even a restart makes an old one new; unsigned ones are taken until the node is told otherwise.
        await world.PayAsync("alice", channel, 1);
        world.Config["rpc"] = new JsonObject { ["requireSigned"] = true };
        await world.Process!.KillAsync(world.Token);
        await world.StartProcessAsync();
        await world.AttachedAsync("alice", 1);
        Assert.Equal((-32012, "call-replayed"), await RefusedAsync(replaying));
        var unsigned = await Assert.ThrowsAsync<RpcError>(() => world.PayAsync("alice", channel, 1));
        Assert.Equal("signature-required", unsigned.Tag);
        await PayAsync(client);
    }

    [Fact]
    public async Task BeforeTheFirstContactItSaysThatItWaits()
    {
        await using var world = await World.BuildAsync(lab, "carol");
        world.Config["signer"] = new JsonObject { ["remote"] = new JsonObject { ["listen"] = world.SocketOf("carol") } };
        world.Tenant("carol").Remove("keys");
        await world.StartAsync();

        var refused = await Assert.ThrowsAsync<RpcError>(() => world["carol"].CallAsync("get_address", null, null, world.Token));
        Assert.Equal("waiting-for-signer", refused.Tag);
        Assert.NotEqual("", (await world["carol"].CallAsync("version", null, null, world.Token)).GetString());
        await using var signer = world.StartSigner("carol");
        await Wait.UntilAsync(
            async () => string.Equals(await AddressAsync(world, "carol"), world["carol"].AddressText, StringComparison.OrdinalIgnoreCase), world.Token);
        Assert.Contains("waiting for signer", world.Log.Text);
    }

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

    private static IReadOnlyList<SecretForms> Secrets(World world) =>
    [
        .. world.Parties.SelectMany(party => (SecretForms[])
        [
            SecretForms.OfKeyFile($"{party.Name} channel", party.ChannelKeyFile).WithText(), SecretForms.OfKeyFile($"{party.Name} chain", party.ChainKeyFile).WithText(),
        ]),
    ];

    private static void AssertNoKeys(World world)
    {
        var secrets = Secrets(world);
        foreach (var file in Directory.EnumerateFiles(world.DataDirectory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".sock", StringComparison.Ordinal)))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            Assert.All(secrets, secret => Assert.False(secret.AreIn(bytes), $"{file} has the key '{secret.Name}'"));
        }
    }

    private static async Task<Opening> ProposeAsync(World world, RpcClient client)
    {
        var payload = Payload.Of(json =>
        {
            PaymentMethods.WriteIntermediaries(json, []);
            json.WriteOpening(world["alice"].AddressText, world["bob"].AddressText, Payload.Native, Milli, BigInteger.Zero, 0);
        });
        return Opening.From(Lab.Parse(await client.CallAsync("create_payment_channel", payload, null, world.Token)));
    }
}
