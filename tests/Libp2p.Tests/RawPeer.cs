using Nitro.Libp2p.Noise;
using Nitro.Libp2p.Yamux;
using Xunit;

namespace Nitro.Libp2p.Tests;

/// <summary>The far end of a secret channel, where a test says frame by frame what is sent and sees what comes.</summary>
internal sealed class RawPeer(NoiseChannel channel, CancellationToken limit) : IAsyncDisposable
{
    private readonly FrameReader _reader = new();
    private ReadOnlyMemory<byte> _chunk;

    public Task SendAsync(byte[] bytes) => channel.WriteAsync(bytes, limit).AsTask();

    public Task SendAsync(string hex) => SendAsync(Convert.FromHexString(hex));

    public Task SendAsync(FrameType type, FrameFlags flags, uint id, uint length, byte[]? payload = null) =>
        SendAsync(Frame(type, flags, id, length, payload));

    public static byte[] Frame(FrameType type, FrameFlags flags, uint id, uint length, byte[]? payload = null)
    {
        var frame = new byte[FrameHeader.Size + (payload?.Length ?? 0)];
        new FrameHeader(type, flags, id, length).Write(frame);
        payload?.CopyTo(frame, FrameHeader.Size);
        return frame;
    }

    /// <summary>The next frame and its payload; null where the connection has ended.</summary>
    public async Task<(FrameHeader Header, byte[] Payload)?> ReceiveAsync()
    {
        var payload = new List<byte>();
        FrameHeader? header = null;
        while (header is not { } found || (found.Type == FrameType.Data && payload.Count < found.Length))
        {
            if (_chunk.IsEmpty)
            {
                try
                {
                    _chunk = (await channel.ReadChunkAsync(limit)).ToArray();
                }
                catch (IOException)
                {
                    return null; // A reset ends a connection like any other end.
                }

                if (_chunk.IsEmpty)
                {
                    return null;
                }
            }

            Step(ref header, payload);
        }

        return (header.Value, [.. payload]);
    }

    /// <summary>The frames until one fits.</summary>
    public async Task<(FrameHeader Header, byte[] Payload)> UntilAsync(Func<FrameHeader, bool> fits)
    {
        while (await ReceiveAsync() is { } frame)
        {
            if (fits(frame.Header))
            {
                return frame;
            }
        }

        throw new Xunit.Sdk.XunitException("The connection ended before the frame that was awaited.");
    }

    /// <summary>The goodbye's code, once the connection has ended; null where it ended without one.</summary>
    public async Task<uint?> UntilEndAsync()
    {
        uint? code = null;
        while (await ReceiveAsync() is { } frame)
        {
            code = frame.Header.Type == FrameType.GoAway ? frame.Header.Length : code;
        }

        return code;
    }

    public ValueTask DisposeAsync() => channel.DisposeAsync();

    private void Step(ref FrameHeader? header, List<byte> payload)
    {
        var span = _chunk.Span;
        if (_reader.TryStep(ref span, out var isHeader, out var piece))
        {
            Assert.True(isHeader == header is null, "a frame begins inside another");
            header ??= _reader.Header;
            payload.AddRange(piece);
        }

        _chunk = _chunk[^span.Length..];
    }
}
