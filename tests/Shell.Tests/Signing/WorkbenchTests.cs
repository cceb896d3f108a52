using System.Text;
using System.Threading.Channels;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Grpc;
using Nitro.Signer;
using Nitro.SignerProtocol;
using Nitro.Signing;
using Nitro.Signing.Calls;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>In what order a signer judges, and what it drops.</summary>
public sealed class WorkbenchTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-bench-");
    private readonly Channel<HsmResponse> _responses = Channel.CreateUnbounded<HsmResponse>();
    private CancellationTokenSource _stop = new();
    private GrpcServer _node = null!;
    private GrpcChannel _channel = null!;
    private MemoryStore _memory = null!;
    private CallLedger _calls = null!;
    private DeviceKey _device = null!;
    private Workbench _bench = null!;

    private string ListPath => Path.Combine(_folder.FullName, "devices.json");

    public async Task InitializeAsync()
    {
        var handlers = new GrpcHandlers().Unary(SignerApiMethods.RespondHsmRequest, (response, _) =>
        {
            _responses.Writer.TryWrite(response);
            return Task.FromResult(new Empty());
        });
        var options = new GrpcServerOptions { Endpoints = [GrpcEndpoint.Unix(Path.Combine(_folder.FullName, "node.sock"))] };
        _node = await GrpcServer.StartAsync(options, handlers, null, CancellationToken.None);
        _channel = new GrpcChannel(_node.Addresses[0]);
        _memory = MemoryStore.Open(
            Path.Combine(_folder.FullName, "marks.db"), Convert.FromHexString(FakeSigner.Address.AsSpan(2)), SignerPolicy.Open, 0);
        _calls = CallLedger.Open(Path.Combine(_folder.FullName, "calls.db"), FakeSigner.Address);
        _device = DeviceKey.LoadOrCreate(Path.Combine(_folder.FullName, "device.key"));
        var check = new CallCheck(Convert.FromHexString(FakeSigner.Address.AsSpan(2)), new DeviceList(ListPath), _calls, TimeProvider.System);
        var desk = new SigningDesk(FakeSigner.Key, null, _memory, TimeProvider.System, 16);
        _bench = new Workbench(desk, new ContextCheck(check, NullLogger.Instance), NullLogger.Instance);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _node.DisposeAsync();
        _memory.Dispose();
        _calls.Dispose();
        _device.Dispose();
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task WhatALostAttachmentBroughtIsDroppedBeforeTheNextIsJudged()
    {
        using var lost = NewAttachment();
        await _bench.PutAsync(new Errand(lost, Request(1, Items(10))), CancellationToken.None);
        lost.Dispose();
        using var next = NewAttachment();
        await _bench.PutAsync(new Errand(next, Request(2, Items(5))), CancellationToken.None);

        var response = Assert.Single(await JudgeAsync(1));

        // Had the older one been judged, this would go down.
        Assert.Equal(2u, response.RequestId);
        Assert.Equal(65, SignResults.Parser.ParseFrom(response.Raw).Results[^1].Signature.Length);
    }

    [Fact]
    public async Task WhatWaitsIsJudgedTogetherInOrderAndAnsweredSingly()
    {
        using var attachment = NewAttachment();
        await _bench.PutAsync(new Errand(attachment, Request(1, [.. Items(10), VoucherRequest.Of(FakeSigner.Address, 1, 9)])), CancellationToken.None);
        await _bench.PutAsync(new Errand(attachment, Request(2, VoucherRequest.Of(FakeSigner.Address, 1, 11), "{}"u8.ToArray())), CancellationToken.None);
        await _bench.PutAsync(new Errand(attachment, new HsmRequest { RequestId = 3, Raw = ByteString.CopyFrom(0xff) }), CancellationToken.None);
        await _bench.PutAsync(new Errand(attachment, new HsmRequest { RequestId = 4, Raw = new SignItems { Version = 9 }.ToByteString() }), CancellationToken.None);

        var responses = (await JudgeAsync(4)).OrderBy(response => response.RequestId).ToList();

        Assert.Equal(["", "", "", "voucher-increasing"], Tags(responses[0]));
        Assert.Equal(["", "malformed-request"], Tags(responses[1]));
        Assert.Equal("malformed-request", responses[2].Error);
        Assert.Equal("unknown-version", responses[3].Error);
    }

    [Fact]
    public async Task EvidenceThatGoesAheadIsJudgedInItsPlaceAndNotAnswered()
    {
        using var attachment = NewAttachment();
        var items = Items(10);
        var preliminary = Request(1, items[..^1]);
        preliminary.Preliminary = true;
        await _bench.PutAsync(new Errand(attachment, preliminary), CancellationToken.None);
        await _bench.PutAsync(new Errand(attachment, Request(1, items[^1])), CancellationToken.None);

        Assert.Equal([""], Tags(Assert.Single(await JudgeAsync(1))));
        Assert.Equal(1, _memory.Memory.Channels);
    }

    [Fact]
    public async Task ALedgerWithThousandsOfGuaranteesDoesNotKeepANodeFromItsSignatures()
    {
        await using var door = await SignerDoor.OpenAsync();
        await door.AskAsync([.. Enumerable.Range(1, 8).Select(turn => VoucherRequest.LargeLedger(FakeSigner.Address, 5_000, turn))]);
        using var channel = new GrpcChannel(door.Address);
        using var attachment = new Attachment(channel, _bench, NullLogger.Instance, _stop.Token);
        var addresses = new GrpcMetadata();
        addresses.Add(SignerApiTerms.ChannelAddress, FakeSigner.Address);
        addresses.Add(SignerApiTerms.ChainAccount, FakeSigner.Address);
        var judging = _bench.RunAsync(_stop.Token);
        var attached = attachment.RunAsync(addresses);

        var answer = await door.NextAsync();

        Assert.Equal((1_005, null), (answer.EffectId, answer.RefusedTag));
        await _stop.CancelAsync();
        await Task.WhenAny(Task.WhenAll(attached, judging));
    }

    private static byte[][] Items(int total) => [.. VoucherRequest.Items(FakeSigner.Address, 1, total).Select(item => item.ToArray())];

    [Fact]
    public async Task TheCallsBehindARequestAreJudgedHereToo()
    {
        using var attachment = NewAttachment();
        var good = Shown("pay", "{}", "{}");
        HsmRequest[] requests =
        [
            With(1, good), // before the device is enrolled here
            With(2, good, Shown("pay", "{}", "{}")),
            With(3, good), // a further consequence of the same call
            With(4, Shown("pay", "{}", "[]")),
            With(5, Shown("pay", "{}", "{}", uri: "create_voucher")),
            With(6, new PendingRequest()),
        ];
        await _bench.PutAsync(new Errand(attachment, requests[0]), CancellationToken.None);
        Assert.Equal("device-unknown", Assert.Single(await JudgeAsync(1)).Error);
        DeviceList.Enrol(ListPath, "phone", Convert.ToHexString(_device.PublicKey));
        _stop = new CancellationTokenSource();
        foreach (var request in requests[1..])
        {
            await _bench.PutAsync(new Errand(attachment, request), CancellationToken.None);
        }

        var responses = (await JudgeAsync(5)).OrderBy(response => response.RequestId).ToList();
        Assert.Equal(["", "", "call-other-payload", "call-other-method", "signature-malformed"], responses.Select(response => response.Error));
    }

    private PendingRequest Shown(string method, string signed, string payload, string? uri = null)
    {
        var signature = _device.Sign(Convert.FromHexString(FakeSigner.Address.AsSpan(2)), method, Encoding.UTF8.GetBytes(signed), DateTimeOffset.UtcNow);
        return new PendingRequest
        {
            Uri = uri ?? method,
            Request = ByteString.CopyFromUtf8(payload),
            Envelope = ByteString.CopyFrom(signature.Envelope.Span),
            Signature = ByteString.CopyFrom(signature.Signature.Span),
        };
    }

    private static HsmRequest With(uint id, params PendingRequest[] calls)
    {
        var request = Request(id, VoucherRequest.Of(FakeSigner.Address, 1, (int)id));
        request.Requests.AddRange(calls);
        return request;
    }

    private static IEnumerable<string> Tags(HsmResponse response) => SignResults.Parser.ParseFrom(response.Raw).Results.Select(result => result.Refused);

    private static HsmRequest Request(uint id, params byte[][] items)
    {
        var raw = new SignItems { Version = SignerApiTerms.Version };
        raw.Items.AddRange(items.Select(item => ByteString.CopyFrom(item)));
        return new HsmRequest { RequestId = id, Raw = raw.ToByteString() };
    }

    private Attachment NewAttachment() => new(_channel, _bench, NullLogger.Instance, CancellationToken.None);

    private async Task<List<HsmResponse>> JudgeAsync(int answers)
    {
        var judging = _bench.RunAsync(_stop.Token);
        var found = new List<HsmResponse>();
        while (found.Count < answers)
        {
            found.Add(await _responses.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        }

        await _stop.CancelAsync();
        await judging.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return found;
    }
}
