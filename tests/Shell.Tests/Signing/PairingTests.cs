using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Grpc;
using Nitro.Host.Options;
using Nitro.Ports;
using Nitro.Secp256k1;
using Nitro.Shell.Tests.Host;
using Nitro.Signer;
using Nitro.SignerApi;
using Nitro.SignerProtocol;
using Nitro.Storage;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>A signer and a node that meet over TCP: who may attach, and whom a signer takes for its node.</summary>
public sealed class PairingTests : IAsyncLifetime
{

    private readonly string folder = Directory.CreateTempSubdirectory("nitro-pair-").FullName;
    private SignerApiServer server = null!;
    private TransportKey nodeKey = null!;

    private string Ticket => Path.Combine(folder, "pairing.json");

    private string List => Path.Combine(folder, "paired-signers.json");

    public async Task InitializeAsync()
    {
        nodeKey = TransportKey.LoadOrCreate(Path.Combine(folder, "node.key"));
        var door = new PairedDoor(nodeKey, PairedSigners.Load(List, Ticket));
        server = await SignerApiServer.StartAsync(
            new SignerApiOptions { Endpoint = GrpcEndpoint.Tcp(new IPEndPoint(IPAddress.Loopback, 0), door.Tls), Door = door },
            TestKeys.Recover,
            NullLoggerFactory.Instance,
            CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        nodeKey.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task APairedSignerAttachesAndSigns()
    {
        var options = Signer("alice");
        await Pairing.PairAsync(Code(), options, CancellationToken.None);
        await using var signer = await SignerService.OpenAsync(options, NullLoggerFactory.Instance, default, false, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var running = signer.RunAsync(stop.Token);

        var met = await server.MetAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
        var asked = server.Signer(met);
        await asked.SubmitAsync([VoucherRequest.Request(1, "lane", met.Channel, 7, 5)], CancellationToken.None);
        await using var answers = asked.AnswersAsync(CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await answers.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)));

        Assert.Equal(signer.ChannelAddress, met.Channel);
        Assert.Equal((1, 65), (answers.Current.Single().EffectId, answers.Current.Single().Signature.Length));
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task WhoIsNotPairedIsToldWhatToDoAndGetsNothing()
    {
        using var key = TransportKey.LoadOrCreate(Path.Combine(folder, "stranger.key"));
        using var channel = new GrpcChannel(server.Address, Pairing.Options(key, nodeKey.Fingerprint));

        foreach (var response in new[] { new HsmResponse(), new HsmResponse { RequestId = 7 } })
        {
            var refused = await Assert.ThrowsAsync<GrpcException>(
                () => channel.UnaryAsync(SignerApiMethods.RespondHsmRequest, response, new GrpcCallOptions(), CancellationToken.None));
            Assert.Equal(GrpcStatusCode.PermissionDenied, refused.Code);
            Assert.Contains("nitro pair", refused.Message, StringComparison.Ordinal);
        }

        using var stream = channel.Start(SignerApiMethods.StreamHsmRequests, new Empty(), new GrpcCallOptions(), CancellationToken.None);
        var denied = await Assert.ThrowsAsync<GrpcException>(() => stream.ReadAsync(CancellationToken.None));
        Assert.Equal(GrpcStatusCode.PermissionDenied, denied.Code);
        Assert.Equal(0, server.Health.Attached);
    }

    [Fact]
    public async Task WithoutACertificateThereIsNoLink()
    {
        using var key = TransportKey.LoadOrCreate(Path.Combine(folder, "stranger.key"));
        var bare = Pairing.Options(key, nodeKey.Fingerprint);
        bare.Tls!.ClientCertificates!.Clear();
        using var channel = new GrpcChannel(server.Address, bare);

        await Assert.ThrowsAsync<GrpcException>(
            () => channel.UnaryAsync(SignerApiMethods.Pair, new PairRequest { Token = "x" }, new GrpcCallOptions(), CancellationToken.None));
    }

    [Fact]
    public async Task ACodeIsGoodOnce()
    {
        var code = Code();
        Assert.True(await Pairing.PairAsync(code, Signer("alice"), CancellationToken.None));
        Assert.False(await Pairing.PairAsync(code, Signer("alice"), CancellationToken.None));

        var refused = await Assert.ThrowsAsync<SignerSetupException>(() => Pairing.PairAsync(code, Signer("mallory"), CancellationToken.None));

        Assert.Contains("nitro pair", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Signer("mallory").DataDirectory, "nodes.json")));
        Assert.Equal(1, PairedSigners.Load(List, Ticket).Count);
    }

    [Fact]
    public async Task AnOldCodeIsRefused()
    {
        var code = Code(lifetime: TimeSpan.FromSeconds(-1));
        await Assert.ThrowsAsync<SignerSetupException>(() => Pairing.PairAsync(code, Signer("alice"), CancellationToken.None));
        Assert.Equal(0, PairedSigners.Load(List, Ticket).Count);
    }

    [Fact]
    public async Task ANodeThatShowsAnotherKeyHearsNoToken()
    {
        var token = PairingTicket.Issue(Ticket, TimeSpan.FromMinutes(1));
        var wrong = new PairingCode(server.Address, new string('0', 64), token);

        await Assert.ThrowsAsync<SignerSetupException>(() => Pairing.PairAsync(wrong.ToString(), Signer("alice"), CancellationToken.None));

        Assert.True(File.Exists(Ticket), "the pairing is still open");
    }

    [Theory]
    [InlineData("")]
    [InlineData("https://127.0.0.1:4006/")]
    [InlineData("https://127.0.0.1:4006/#abc.def")]
    [InlineData("unix:///tmp/signer.sock")]
    public async Task WhatIsNoCodeIsSaidToBeNone(string text)
    {
        var refused = await Assert.ThrowsAsync<SignerSetupException>(() => Pairing.PairAsync(text, Signer("alice"), CancellationToken.None));
        Assert.Contains("nitro pair", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DamagedListsAreNotGuessed()
    {
        File.WriteAllText(List, "[\"ab");
        Assert.Throws<StorageException>(() => PairedSigners.Load(List, Ticket));

        var options = Signer("alice");
        OwnedFile.Write("The list", Path.Combine(options.DataDirectory, "nodes.json"), "{"u8);
        await Assert.ThrowsAsync<StorageException>(() => SignerService.OpenAsync(options, NullLoggerFactory.Instance, default, false, CancellationToken.None));
    }

    [Fact]
    public void TheCommandOpensAPairingForTheTenantThatWaitsOverTcp()
    {
        var file = Path.Combine(folder, "nitro.json");
        File.WriteAllText(
            file,
            $$"""
            {"contracts":{"adjudicator":"0x00000000000000000000000000000000000000a1","consensusApp":"0x00000000000000000000000000000000000000a2",
              "virtualPaymentApp":"0x00000000000000000000000000000000000000a3"},
             "dataDirectory":{{JsonSerializer.Serialize(folder)}},"rpc":{"listen":""},
             "tenants":{"alice":{"signer":{"remote":{"listen":"127.0.0.1:4006"} } },"bob":{"signer":"remote"} } }
            """);
        var options = NodeConfiguration.Load(file, []);

        Assert.Contains("--tenant", Assert.Throws<NodeOptionsException>(() => Open(null)).Message, StringComparison.Ordinal);
        Assert.Contains("Unix", Assert.Throws<NodeOptionsException>(() => Open("bob")).Message, StringComparison.Ordinal);
        Assert.Equal("https://127.0.0.1:4006", Open("alice").Node.GetLeftPart(UriPartial.Authority));

        PairingCode Open(string? tenant) => Nitro.Host.SignerPairing.Open(options, tenant, null, TimeSpan.FromMinutes(1));
    }

    private SignerOptions Signer(string name) => new()
    {
        DataDirectory = Path.Combine(folder, name), ChannelKeyFile = Path.Combine(folder, name, "channel.key"), ChainKeyFile = Path.Combine(folder, name, "chain.key"),
    };

    private string Code(TimeSpan? lifetime = null) =>
        new PairingCode(server.Address, nodeKey.Fingerprint, PairingTicket.Issue(Ticket, lifetime ?? TimeSpan.FromMinutes(1))).ToString();
}
