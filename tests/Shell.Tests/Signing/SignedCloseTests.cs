using System.Text;
using System.Text.Json;
using Nitro.Ports;
using Nitro.Shell.Tests.EndToEnd;
using Nitro.SignerProtocol;
using Nitro.Signing.Calls;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>From the owner's signed call to the transaction on chain: a signer that leaves closing to its owner sees the call behind all that closes.</summary>
public sealed class SignedCloseTests(Lab lab) : IClassFixture<Lab>
{
    [Fact]
    public async Task TheCallThatClosesALedgerReachesTheConclusionAtTheSigner()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob", "carol");
        var folder = Path.GetDirectoryName(world.ConfigFile)!;
        var keyFile = Path.Combine(folder, "phone.key");
        var key = await RemoteStory.SaidAsync("nitro", "device", "new", keyFile);
        var policy = Path.Combine(folder, "alice-policy.json");
        await File.WriteAllTextAsync(policy, $$"""{"preset":"open","closesFreely":["payment"],"approvers":["{{key}}"]}""");
        world.WithoutKeys("alice");
        await using var tap = await SignerTap.StartAsync(Path.Combine(folder, "tap.sock"), new Uri(world.SocketOf("alice")));
        await using var signer = world.StartSigner("alice", node: tap.Address, more: ["--policy", policy]);
        await world.StartProcessAsync();
        await world.AttachedAsync("alice", 1);
        await RemoteStory.SaidAsync("nitro", "device", "enrol", key, "--name", "phone", "--config", world.ConfigFile, "--tenant", "alice");
        await RemoteStory.SaidAsync("nitro-signer", "devices", "enrol", key, "--name", "phone", "--data-directory", world.SignerFolder("alice"));
        var milli = RemoteStory.Milli;
        var withBob = await world.OpenLedgerAsync("alice", "bob", 10 * milli, 10 * milli);
        var withCarol = await world.OpenLedgerAsync("alice", "carol", 10 * milli, 10 * milli);
        Assert.All(tap.Asked, request => Assert.Empty(request.Requests));

        // On the node's word alone nothing ends.
        var before = tap.Asked.Count;
        var closing = await world["alice"].CallAsync("close_ledger_channel", json => json.WriteString("ChannelId", withCarol), null, world.Token);
        await Wait.UntilAsync(
            async () => (await world.ObjectiveAsync("alice", closing.GetString()!))!.Value.GetRawText().Contains("final-on-approved-close", StringComparison.Ordinal),
            world.Token);
        Assert.Empty(Transactions(tap.Asked.Skip(before)));

        // The same with the owner's signature goes through to the chain, and it stands behind the transaction as it was sent.
        CallSignature? sent = null;
        using var device = DeviceKey.LoadOrCreate(keyFile);
        using var client = world.Signing("alice", (method, payload) => sent = device.Sign(world["alice"].Address, method, payload.Span, DateTimeOffset.UtcNow));
        var answer = await client.CallAsync("close_ledger_channel", Encoding.UTF8.GetBytes($$"""{"ChannelId":"{{withBob}}"}"""), null, world.Token);
        await world.CompletedAsync(Lab.Parse(answer).GetString()!, "alice", "bob");
        var conclusions = Transactions(tap.Asked.Skip(before)).ToList();
        Assert.NotEmpty(conclusions);
        Assert.All(conclusions, each =>
        {
            var (request, target) = each;
            Assert.Equal(Nitro.Ethereum.Hex.Bytes(lab.Contracts.NitroAdjudicator.Address.Span), target, ignoreCase: true);
            var shown = Assert.Single(request.Requests);
            Assert.Equal("close_ledger_channel", shown.Uri);
            Assert.Equal(sent!.Envelope.ToArray(), shown.Envelope.ToByteArray());
            Assert.Equal(sent.Signature.ToArray(), shown.Signature.ToByteArray());
        });
    }

    /// <summary>Requests for a transaction, and the contract that it calls.</summary>
    private static IEnumerable<(HsmRequest Request, string Target)> Transactions(IEnumerable<HsmRequest> asked)
    {
        foreach (var request in asked)
        {
            using var wanted = JsonDocument.Parse(SignItems.Parser.ParseFrom(request.Raw).Items[^1].Memory);
            if (wanted.RootElement.GetProperty("kind").GetString() == "transaction")
            {
                yield return (request, wanted.RootElement.GetProperty("to").GetString()!);
            }
        }
    }
}
