using System.Buffers;
using Nitro.Libp2p.Noise;

namespace Nitro.Libp2p.Yamux;

/// <summary>How a session sends: whoever has something to say fills frames for all who have, and sends them.</summary>
internal sealed partial class YamuxSession
{
    // Frames that one sender writes before others of the thread pool have a turn.
    private const int FramesPerTurn = 16;

    internal async ValueTask WriteAsync(YamuxStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource written;
        lock (_gate)
        {
            if (stream.Failure is { } failure)
            {
                throw new Libp2pException(failure.Error, failure.Message, failure);
            }

            if (stream.Sending.Closing || stream.Sending.IsWriting)
            {
                throw new InvalidOperationException("The stream is closed for writing, or another write is under way.");
            }

            written = stream.Sending.Begin(data);
            _queue.TryEnqueue(stream);
        }

        Wake();
        using var registration = cancellationToken.UnsafeRegister(
            state =>
            {
                lock (_gate)
                {
                    stream.Sending.Cancel((TaskCompletionSource)state!, cancellationToken);
                }
            },
            written);
        await written.Task.ConfigureAwait(false);
    }

    internal void CloseWrite(YamuxStream stream)
    {
        lock (_gate)
        {
            stream.Sending.Closing = true;
            if (stream.Failure is null)
            {
                _queue.TryEnqueue(stream);
            }
        }

        Wake();
    }

    // Sends what there is to send, unless somebody does already. Never called with the gate held.
    private void Wake()
    {
        lock (_gate)
        {
            if (_isSending)
            {
                return;
            }

            _isSending = true;
        }

        _ = SendAsync();
    }

    // Never fails: whatever goes wrong ends the session, which says so.
    private async Task SendAsync()
    {
        var frame = ArrayPool<byte>.Shared.Rent(NoiseChannel.MaxFrame);
        var ended = false;
        try
        {
            for (var frames = 1; Fill(frame, out ended) is var length && length > 0; frames++)
            {
                await _channel.SendAsync(frame, length, _stop.Token).ConfigureAwait(false);
                if (frames % FramesPerTurn == 0)
                {
                    await Task.Yield();
                }
            }
        }
        catch (Exception e)
        {
            // Nobody sends after this: the sender's place is never free again.
            ended = true;
            End(new Libp2pException(Libp2pError.Disconnected, "The connection broke.", e));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
            if (ended)
            {
                _sent.TrySetResult();
            }
        }
    }

    private int Fill(byte[] frame, out bool ended)
    {
        lock (_gate)
        {
            var length = _queue.Fill(frame.AsSpan(NoiseChannel.HeadLength, NoiseChannel.MaxPlain), _finished);
            ended = length == 0 && _failure is not null;
            _isSending = length > 0 || ended;
            return length;
        }
    }
}
