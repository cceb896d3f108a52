using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using Nitro.Grpc;
using Nitro.Shell.Tests.EndToEnd;
using Nitro.SignerProtocol;

namespace Nitro.Shell.Tests.Signing.Hostile;

/// <summary>A node in somebody else's hand, as signers see it: it sends them whatever it likes, and hears what they answer.</summary>
internal sealed class HostileNode : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly GrpcMethod<Empty, Frame> Stream = new("greenlight.Node", "StreamHsmRequests", GrpcMethodKind.ServerStreaming);
    private readonly ConcurrentDictionary<uint, Channel<HsmResponse>> _answers = new();
    private Channel<byte[]> _frames = Channel.CreateUnbounded<byte[]>();
    private GrpcServer _server = null!;
    private uint _asked;
    private ulong _delivered;
    private volatile int _attached;

    /// <summary>Where signers attach.</summary>
    public Uri Address => _server.Addresses[0];

    /// <summary>What it says to every answer.</summary>
    public string Ack { get; set; } = "accepted";

    /// <summary>During this stay of a signer it says nothing any more, and does not end the call either.</summary>
    public int SilentStay { get; set; }

    /// <summary>Serves on a socket in the folder.</summary>
    public static async Task<HostileNode> StartAsync(string folder)
    {
        var node = new HostileNode();
        var handlers = new GrpcHandlers().ServerStreaming(Stream, node.StreamAsync).Unary(SignerApiMethods.RespondHsmRequest, node.Hear);
        var options = new GrpcServerOptions { Endpoints = [GrpcEndpoint.Unix(Path.Combine(folder, "hostile.sock"))], MaxSendBytes = 64 * 1024 * 1024 };
        node._server = await GrpcServer.StartAsync(options, handlers, null, CancellationToken.None);
        return node;
    }

    /// <summary>Until signers have attached so often in all.</summary>
    public async Task AttachedAsync(int times)
    {
        using var limit = new CancellationTokenSource(Patience);
        await Wait.UntilAsync(() => _attached >= times, limit.Token);
    }

    /// <summary>How often signers have attached.</summary>
    public int Attached => _attached;

    /// <summary>Sends a frame as it is.</summary>
    public void Send(byte[] frame) => _frames.Writer.TryWrite(frame);

    /// <summary>Asks with any raw part; the answer.</summary>
    public Task<HsmResponse> AskAsync(ByteString raw) => AskAsync(++_asked, raw);

    /// <summary>Asks under a number of one's own choice.</summary>
    public Task<HsmResponse> AskAsync(uint id, ByteString raw)
    {
        Send(new HsmRequest { RequestId = id, Raw = raw, Delivery = ++_delivered }.ToByteArray());
        return NextAsync(id);
    }

    /// <summary>The next answer under this number.</summary>
    public Task<HsmResponse> NextAsync(uint id) => AnswersTo(id).Reader.ReadAsync().AsTask().WaitAsync(Patience);

    /// <summary>Asks with these items; one result for each.</summary>
    public async Task<IReadOnlyList<SignResult>> AskAsync(params IEnumerable<byte[]> items)
    {
        var request = new SignItems { Version = SignerApiTerms.Version };
        request.Items.AddRange(items.Select(item => ByteString.CopyFrom(item)));
        var response = await AskAsync(request.ToByteString());
        return response.Error.Length > 0 ? [new SignResult { Refused = response.Error }] : SignResults.Parser.ParseFrom(response.Raw).Results;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private Channel<HsmResponse> AnswersTo(uint id) => _answers.GetOrAdd(id, _ => Channel.CreateUnbounded<HsmResponse>());

    private async Task StreamAsync(Empty request, GrpcResponses<Frame> responses, GrpcServerCall call)
    {
        await call.SendHeadersAsync();
        var frames = _frames = Channel.CreateUnbounded<byte[]>();
        using var timer = new PeriodicTimer(SignerApiTerms.Heartbeat);
        var beating = BeatAsync(timer, frames.Writer, Interlocked.Increment(ref _attached), call.CancellationToken);
        await foreach (var bytes in frames.Reader.ReadAllAsync(call.CancellationToken))
        {
            await responses.WriteAsync(new Frame { Bytes = bytes }, call.CancellationToken);
        }

        await beating;
    }

    private async Task BeatAsync(PeriodicTimer timer, ChannelWriter<byte[]> frames, int stay, CancellationToken cancellationToken)
    {
        var beat = new HsmRequest { Raw = ByteString.CopyFrom(SignerApiTerms.HeartbeatRaw) }.ToByteArray();
        do
        {
            if (stay != SilentStay)
            {
                frames.TryWrite(beat);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private Task<Empty> Hear(HsmResponse response, GrpcServerCall call)
    {
        AnswersTo(response.RequestId).Writer.TryWrite(response);
        call.Trailers.Add(SignerApiTerms.Ack, Ack);
        return Task.FromResult(new Empty());
    }
}
