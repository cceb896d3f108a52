using System.Threading.Channels;
using Google.Protobuf;
using Nitro.Grpc;
using Nitro.Secp256k1;
using Nitro.Shell.Tests.Host;
using Nitro.SignerProtocol;
using Nitro.Signing;

namespace Nitro.Shell.Tests.Signing;

/// <summary>A signer that does as a test says, over a real socket. It answers heartbeats unless it is told to be silent.</summary>
internal sealed class FakeSigner : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly GrpcChannel _channel;
    private readonly GrpcCall<Empty, HsmRequest> _call;
    private readonly Channel<HsmRequest> _requests = Channel.CreateUnbounded<HsmRequest>();
    private readonly Task _reading;
    private readonly bool _isSilent;

    private FakeSigner(GrpcChannel channel, GrpcCall<Empty, HsmRequest> call, bool isSilent)
    {
        (_channel, _call, _isSilent) = (channel, call, isSilent);
        _reading = ReadAsync();
    }

    public static byte[] Key { get; } = TestKeys.Key(9);

    public static string Address { get; } = TestKeys.AddressOf(Key);

    /// <summary>How the stream ended.</summary>
    public async Task<GrpcException> EndedAsync()
    {
        try
        {
            await _reading.WaitAsync(Patience);
        }
        catch (GrpcException e)
        {
            return e;
        }

        throw new InvalidOperationException("The stream ended in good order.");
    }

    /// <summary>Attaches; returns once the node has taken the call.</summary>
    public static async Task<FakeSigner> AttachAsync(Uri node, bool isSilent = false, string? channelAddress = null)
    {
        var channel = new GrpcChannel(node);
        var metadata = new GrpcMetadata();
        metadata.Add(SignerApiTerms.ChannelAddress, channelAddress ?? Address);
        metadata.Add(SignerApiTerms.ChainAccount, Address);
        var call = channel.Start(
            SignerApiMethods.StreamHsmRequests, new Empty(), new GrpcCallOptions { Metadata = metadata }, CancellationToken.None);
        await call.HeadersAsync(CancellationToken.None).WaitAsync(Patience);
        return new FakeSigner(channel, call, isSilent);
    }

    /// <summary>The next request, heartbeats left out.</summary>
    public Task<HsmRequest> NextAsync() => _requests.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    /// <summary>Signs each item; what the node says to it.</summary>
    public Task<string?> SignAsync(HsmRequest request) => RespondAsync(Signed(request));

    /// <summary>Refuses each item.</summary>
    public Task<string?> RefuseAsync(HsmRequest request, string tag, bool isTemporary = false, string instead = "")
    {
        var results = new SignResults { Version = SignerApiTerms.Version };
        results.Results.AddRange(Items(request).Select(_ => new SignResult { Refused = tag, Temporary = isTemporary, Instead = ByteString.CopyFromUtf8(instead) }));
        return RespondAsync(Response(request, results));
    }

    /// <summary>Sends any answer; the acknowledgement.</summary>
    public async Task<string?> RespondAsync(HsmResponse response)
    {
        using var call = _channel.Start(SignerApiMethods.RespondHsmRequest, response, null, CancellationToken.None);
        await call.SingleAsync(CancellationToken.None).WaitAsync(Patience);
        return call.Trailers.Find(SignerApiTerms.Ack)?.Value;
    }

    /// <summary>The right answer, by this key or another.</summary>
    public static HsmResponse Signed(HsmRequest request, byte[]? key = null)
    {
        var results = new SignResults { Version = SignerApiTerms.Version };
        results.Results.AddRange(Items(request).Select(item => IsWanted(item)
            ? new SignResult { Signature = ByteString.CopyFrom(Signature(item.Memory, key ?? Key)) }
            : new SignResult()));
        return Response(request, results);
    }

    public static HsmResponse Response(HsmRequest request, SignResults results) =>
        new() { RequestId = request.RequestId, Delivery = request.Delivery, Raw = results.ToByteString() };

    public static byte[] Signature(ReadOnlyMemory<byte> item, byte[] key)
    {
        var signature = new byte[65];
        if (!SignerCore.TryRead(item, out var read, out var error) || !Curve.Default.TrySign(read.Digest.Span, key, signature))
        {
            throw new InvalidOperationException(error);
        }

        return signature;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _channel.Dispose();
    }

    private static bool IsWanted(ByteString item) => SignerCore.TryRead(item.Memory, out var read, out _) && read.IsWanted;

    private static IEnumerable<ByteString> Items(HsmRequest request) => SignItems.Parser.ParseFrom(request.Raw).Items;

    private async Task ReadAsync()
    {
        while (await _call.ReadAsync(CancellationToken.None) is { } request)
        {
            if (request.RequestId != 0)
            {
                _requests.Writer.TryWrite(request);
            }
            else if (!_isSilent)
            {
                await RespondAsync(new HsmResponse { Raw = ByteString.CopyFrom(SignerApiTerms.HeartbeatReplyRaw), Delivery = request.Delivery });
            }
        }
    }
}
