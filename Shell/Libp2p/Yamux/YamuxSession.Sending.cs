using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Nitro.Libp2p.Noise;

namespace Nitro.Libp2p.Yamux;

/// <summary>
/// How a session sends: what there is to say goes into the frame that goes out next as soon as it is said, and a task of the
/// thread pool sends frame after frame. It begins behind what the pool has to do already, so those who speak at one time share a frame.
/// </summary>
internal sealed partial class YamuxSession
{
    // Frames that are sent before others of the thread pool have a turn.
    private const int FramesPerTurn = 16;

    // With its head and tag this is what a pool of buffers has, 64 KiB.
    private const int MaxFrame = 65536;
    private const int MaxPlain = MaxFrame - NoiseChannel.HeadLength - Aead.TagLength;

    private byte[]? _frame;
    private int _filled;
    private bool _isSending;
    private bool _isAwaited;

    internal ValueTask WriteAsync(YamuxStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
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

            stream.Sending.Begin(data);
            _queue.TryEnqueue(stream);
            Fill();
            Wake();
            return stream.Sending.Written() is { } written ? WaitAsync(stream, written, cancellationToken) : ValueTask.CompletedTask;
        }
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

            Wake();
        }
    }

    private async ValueTask WaitAsync(YamuxStream stream, TaskCompletionSource written, CancellationToken cancellationToken)
    {
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

    // Has sent what there is to send, behind what the thread pool has to do already.
    private void Wake()
    {
        lock (_gate)
        {
            if (_isSending || _isAwaited)
            {
                return;
            }

            _isAwaited = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static session => session.SendNow(), this, preferLocal: false);
    }

    // Sends what there is to send, unless somebody does. Never called with the gate held.
    private void SendNow()
    {
        lock (_gate)
        {
            _isAwaited = false;
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
        var ended = false;
        try
        {
            for (var frames = 1; TryTake(out var frame, out var length, out ended); frames++)
            {
                await _channel.SendAsync(frame, length, _stop.Token).ConfigureAwait(false);
                ArrayPool<byte>.Shared.Return(frame);
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

        if (ended)
        {
            _sent.TrySetResult();
        }
    }

    // The next frame. Where there is none the sender's place is free again, or the session has said its last.
    private bool TryTake([NotNullWhen(true)] out byte[]? frame, out int length, out bool ended)
    {
        lock (_gate)
        {
            Fill();
            (frame, length) = (_frame, _filled);
            (_frame, _filled) = (null, 0);
            Fill(); // What found no room goes into the next one already, so its writer goes on while this one is sent.
            ended = frame is null && _failure is not null;
            _isSending = frame is not null || ended;
            return frame is not null;
        }
    }

    // Under the gate.
    private void Fill()
    {
        if (_queue.IsEmpty)
        {
            return;
        }

        var frame = _frame ?? ArrayPool<byte>.Shared.Rent(MaxFrame);
        _filled += _queue.Fill(frame.AsSpan(NoiseChannel.HeadLength + _filled, MaxPlain - _filled), _finished);
        _frame = _filled > 0 ? frame : null;
        if (_frame is null)
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }
}
