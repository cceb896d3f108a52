using System.Threading.Channels;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Grpc;
using Nitro.Signer;
using Nitro.SignerProtocol;
using Nitro.Signing;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>In what order a signer judges, and what it drops.</summary>
public sealed class WorkbenchTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-bench-");
    private readonly Channel<HsmResponse> _responses = Channel.CreateUnbounded<HsmResponse>();
    private readonly CancellationTokenSource _stop = new();
    private GrpcServer _node = null!;
    private GrpcChannel _channel = null!;
    private MemoryStore _memory = null!;
    private Workbench _bench = null!;

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
        _bench = new Workbench(new SigningDesk(FakeSigner.Key, null, _memory, TimeProvider.System, 16), NullLogger.Instance);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _node.DisposeAsync();
        _memory.Dispose();
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

    private static byte[][] Items(int total) => [.. VoucherRequest.Items(FakeSigner.Address, 1, total).Select(item => item.ToArray())];

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
