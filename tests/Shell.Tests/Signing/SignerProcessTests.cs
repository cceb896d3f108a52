using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Records;
using Nitro.Shell.Tests.EndToEnd;
using Nitro.Shell.Tests.Host;
using Nitro.Ports;
using Nitro.Secp256k1;
using Nitro.SignerApi;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>The signer as a process of its own, killed for real: the same bytes or nothing.</summary>
public sealed class SignerProcessTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-far-");
    private NodeProcess? _signer;

    private string Socket => Path.Combine(_folder.FullName, "node.sock");

    private static SignerAddresses Addresses => new(TestKeys.AddressOf(TestKeys.Key(3)), TestKeys.AddressOf(TestKeys.Key(4)));

    public Task InitializeAsync()
    {
        WriteKey("channel.key", TestKeys.Key(3));
        WriteKey("chain.key", TestKeys.Key(4));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        if (_signer is not null)
        {
            await _signer.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task KilledAtAnyMomentItGivesTheSameBytesOrNothing()
    {
        await using var door = await SignerDoor.OpenAsync(Addresses, Socket);
        Start();
        await door.AskAsync(1, 1);
        var first = await door.NextAsync();
        Assert.Equal(FakeSigner.Signature(VoucherRequest.Of(Addresses.Channel, 1, 1), TestKeys.Key(3)), first.Signature.ToArray());

        for (var total = 2; total <= 4; total++)
        {
            // Now and then before it has read the request, now and then behind its marks.
            await door.AskAsync(1, total);
            await _signer!.KillAsync(CancellationToken.None);
            Start();
            var answer = await door.NextAsync();
            Assert.Equal(1_000 + total, answer.EffectId);
            Assert.Equal(FakeSigner.Signature(VoucherRequest.Of(Addresses.Channel, 1, total), TestKeys.Key(3)), answer.Signature.ToArray());
        }

        await door.AskAsync(1, 3);
        Assert.Equal("voucher-increasing", (await door.NextAsync()).RefusedTag);
    }

    [Fact]
    public async Task TheNodeMayGoAndComeBack()
    {
        Start();
        for (var total = 1; total <= 2; total++)
        {
            await using var door = await SignerDoor.OpenAsync(Addresses, Socket);
            await door.AskAsync(1, total);
            Assert.Null((await door.NextAsync()).RefusedTag);
        }
    }

    [Fact]
    public async Task AttachedTwiceEachRequestEndsOnce()
    {
        await using var door = await SignerDoor.OpenAsync(Addresses, Socket);
        Start("--node", $"unix://{Socket}");
        await door.AttachedAsync(2);
        await door.AskAsync(1, [.. Enumerable.Range(1, 300)]);
        await door.AskAsync(1, 300 + 1);
        var answers = new List<long>();
        for (var i = 0; i < 301; i++)
        {
            var answer = await door.NextAsync();
            Assert.Null(answer.RefusedTag);
            answers.Add(answer.EffectId);
        }

        Assert.Equal(Enumerable.Range(1_001, 301).Select(id => (long)id), answers);
        await door.AskAsync(1, 5);
        Assert.Equal("voucher-increasing", (await door.NextAsync()).RefusedTag);
        Assert.True(door.IsQuiet);
        Assert.Equal(0, door.Api.Health.WrongAnswers);
    }

    [Fact]
    public async Task ItSignsTransactionsWithTheChainKeyAlone()
    {
        await using var door = await SignerDoor.OpenAsync(Addresses, Socket);
        Start();
        var transaction = new UnsignedTransaction(1337, 4, 1, 2, 21_000, VoucherRequest.Token, 0, VoucherRequest.Approval);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var signer = door.Api.TransactionSigner(Addresses);

        // Nothing known of a ledger in that token: no reason to touch it.
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await signer.SignAsync(transaction, VoucherRequest.LedgerItems(Addresses.Channel, inTokens: false), [], limit.Token));
        var raw = await signer.SignAsync(transaction, VoucherRequest.LedgerItems(Addresses.Channel, inTokens: true), [], limit.Token);

        Assert.Contains("tx-target", refused.Message);
        var local = new Nitro.Ethereum.Transactions.KeyTransactionSigner(TestKeys.Key(4));
        Assert.Equal((await local.SignAsync(transaction, [], [], limit.Token)).ToArray(), raw.ToArray());
    }

    /// <summary>Before it has heard of any contracts: a node is reached before it has a channel.</summary>
    [Fact]
    public async Task ItVouchesForTheNodesConnectionsAndForItsAddress()
    {
        await using var door = await SignerDoor.OpenAsync(Addresses, Socket);
        Start();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var keys = door.Api.NetworkKeys(Addresses);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        byte[] transportKey = [.. Enumerable.Range(1, 32).Select(part => (byte)part)];

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await keys.SignAddressRecordAsync("", now, limit.Token));
        var transport = await keys.SignTransportKeyAsync(transportKey, limit.Token);
        var record = await keys.SignAddressRecordAsync("", now, limit.Token);

        var publicKey = new byte[65];
        var digest = SHA256.HashData([.. "noise-libp2p-static-key:"u8, .. transportKey]);
        Assert.True(Curve.Default.TryRecoverPublicKey(digest, transport.Span, publicKey));
        var peer = PeerId.Of(new Secp256k1Identity(TestKeys.Key(3)).PublicKey);
        var text = $$"""{"SCAddr":"{{EthereumAddress.ToText(Addresses.ChannelBytes.Span)}}","PeerID":"{{peer}}","Timestamp":{{now}}}""";
        var address = new byte[20];
        Assert.True(Curve.Default.TryRecoverAddress(SHA256.HashData(Encoding.ASCII.GetBytes(text)), record.Span, address));
        Assert.Equal(Addresses.Channel, "0x" + Convert.ToHexStringLower(address));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await keys.SignAddressRecordAsync("", now + 3_600, soon.Token);
        });
    }

    [Fact]
    public async Task WithoutANodeOrWithAnUnknownFlagItSaysWhatIsMissing()
    {
        await using var nothing = NodeProcess.Start([], program: "nitro-signer");
        Assert.Equal(1, await nothing.EndAsync(CancellationToken.None));
        Assert.Contains("--node", nothing.Error);
        await using var wrong = NodeProcess.Start(["--nodes", "x"], program: "nitro-signer");
        Assert.Equal(1, await wrong.EndAsync(CancellationToken.None));
        Assert.Contains("--nodes", wrong.Error);
    }

    [Fact]
    public async Task KeysBehindAPassphraseSignOnceItIsGiven()
    {
        string[] folder = ["--data-directory", _folder.FullName];
        Dictionary<string, string> Passphrase(string text) => new() { ["NITRO_SIGNER_PASSPHRASE"] = text };
        await using var plain = NodeProcess.Start(["--node", $"unix://{Socket}", .. folder], program: "nitro-signer");
        Assert.Equal(1, await plain.EndAsync(CancellationToken.None));
        Assert.Contains("keys encrypt", plain.Error);
        await using var encrypt = NodeProcess.Start(["keys", "encrypt", "--light-kdf", .. folder], Passphrase("correct horse"), "nitro-signer");
        Assert.Equal(0, await encrypt.EndAsync(CancellationToken.None));
        await using var wrong = NodeProcess.Start(["--node", $"unix://{Socket}", .. folder], Passphrase("wrong horse"), "nitro-signer");
        Assert.Equal(1, await wrong.EndAsync(CancellationToken.None));
        Assert.Contains("Wrong passphrase", wrong.Error);

        await using var door = await SignerDoor.OpenAsync(Addresses, Socket);
        _signer = NodeProcess.Start(["--node", $"unix://{Socket}", "--end-with-stdin", .. folder], Passphrase("correct horse"), "nitro-signer");
        await door.AskAsync(1, 1);
        Assert.Equal(FakeSigner.Signature(VoucherRequest.Of(Addresses.Channel, 1, 1), TestKeys.Key(3)), (await door.NextAsync()).Signature.ToArray());
    }

    [Fact]
    public void ItRestsOnTheSignersCoreAlone()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "nitro-signer.deps.json"));
        using var document = JsonDocument.Parse(file);
        var ours = document.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").GetString() == "project")
            .Select(library => library.Name.Split('/')[0])
            .Order(StringComparer.Ordinal);
        Assert.Equal(
            ["Grpc", "Ports", "Secp256k1", "SignerCore", "SignerProtocol", "Signing", "Storage", "nitro-signer"],
            ours.Select(name => name.Replace("Nitro.", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    private void Start(params string[] more) =>
        _signer = NodeProcess.Start(
            [
                "--node", $"unix://{Socket}", "--data-directory", _folder.FullName, "--channel-key-file", Path.Combine(_folder.FullName, "channel.key"),
                "--chain-key-file", Path.Combine(_folder.FullName, "chain.key"), "--end-with-stdin", .. more,
            ],
            program: "nitro-signer");

    private void WriteKey(string name, byte[] key)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, Convert.ToHexStringLower(key));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
