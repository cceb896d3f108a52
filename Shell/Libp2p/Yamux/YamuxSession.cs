using System.Buffers;
using Nitro.Libp2p.Noise;

namespace Nitro.Libp2p.Yamux;

/// <summary>
/// One connection shared by many streams. One loop reads; whoever has something to say sends it, for all others too. A short
/// gate guards the state between them and is never held while anything is read, written or waited for.
/// </summary>
internal sealed class YamuxSession
{
    /// <summary>The protocol's name in negotiations.</summary>
    internal const string Protocol = "/yamux/1.0.0";

    // Frames that one sender writes before others of the thread pool have a turn.
    private const int FramesPerTurn = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<uint, YamuxStream> _streams = [];
    private readonly FrameReader _reader = new();
    private readonly NoiseChannel _channel;
    private readonly SwarmOptions _options;
    private readonly Action<YamuxStream> _accept;
    private readonly ByteBudget _budget;
    private readonly SendQueue _queue;
    private readonly KeepAlive _keepAlive;
    private readonly Action<YamuxStream> _finished;
    private readonly TaskCompletionSource<Libp2pException> _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly bool _isClient;
    private bool _isSending;
    private uint _nextId;
    private int _inbound;
    private Libp2pException? _failure;
    private bool _wentAway;

    /// <param name="channel">The secret channel; the session closes it.</param>
    /// <param name="isClient">Whether this side dialed.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="budget">What all connections may hold together.</param>
    /// <param name="accept">Told of each stream that the other side opens; must not wait.</param>
    internal YamuxSession(NoiseChannel channel, bool isClient, SwarmOptions options, ByteBudget budget, Action<YamuxStream> accept)
    {
        _channel = channel;
        _options = options;
        _accept = accept;
        _isClient = isClient;
        _nextId = isClient ? 1u : 2u;
        _budget = new ByteBudget(options.MaxBufferedPerConnection, budget);
        _queue = new SendQueue(options.MaxOwedAnswers, options.StreamWindow / 2);
        _keepAlive = new KeepAlive(options, Ping, Tick, End);
        _finished = Finish;
    }

    /// <summary>Streams that are open.</summary>
    internal int StreamCount
    {
        get
        {
            lock (_gate)
            {
                return _streams.Count;
            }
        }
    }

    /// <summary>Bytes received and not yet read.</summary>
    internal long Buffered => _budget.Held;

    /// <summary>Pongs that came to our keepalives.</summary>
    internal int PongCount => _keepAlive.PongCount;

    /// <summary>Runs until the session ends, and gives back why.</summary>
    internal async Task<Libp2pException> RunAsync()
    {
        using var timer = _keepAlive.Start();
        var reading = ReadLoopAsync();
        var reason = await _ending.Task.ConfigureAwait(false);

        // There is a moment to send what is ready and the goodbye; a peer that does not read gets no more.
        _stop.CancelAfter(_options.LingerTimeout);
        await _sent.Task.ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _channel.CloseWireAsync().ConfigureAwait(false);
        await reading.ConfigureAwait(false);
        await _channel.DisposeAsync().ConfigureAwait(false);
        return reason;
    }

    /// <summary>Opens a stream. Nothing is waited for: the other side learns of it with the first bytes.</summary>
    /// <exception cref="Libp2pException">Disconnected, or the other side takes no more streams.</exception>
    internal YamuxStream Open()
    {
        lock (_gate)
        {
            if (_failure is not null || _wentAway || _nextId > uint.MaxValue - 2)
            {
                throw _failure ?? new Libp2pException(Libp2pError.Disconnected, "The connection takes no more streams.");
            }

            var stream = new YamuxStream(this, _nextId, isInbound: false, _options.StreamWindow);
            _nextId += 2;
            _streams.Add(stream.Id, stream);
            return stream;
        }
    }

    /// <summary>Ends the session: all streams fail, a goodbye is sent, the socket is closed.</summary>
    internal void End(Libp2pException reason)
    {
        lock (_gate)
        {
            if (_failure is not null)
            {
                return;
            }

            _failure = reason;
            foreach (var stream in _streams.Values)
            {
                stream.Fail(reason);
                Settle(stream);
                stream.MarkEnded();
            }

            _streams.Clear();
            _queue.GoAway(reason.Error == Libp2pError.Violation ? FrameHeader.GoAwayViolation : FrameHeader.GoAwayNormal);
        }

        _ending.TrySetResult(reason);
        _ = Task.Run(Wake); // The gate may be held here.
    }

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

    internal void Reset(YamuxStream stream)
    {
        lock (_gate)
        {
            Cut(stream, new Libp2pException(Libp2pError.StreamReset, "The stream was reset here."), tell: true);
        }

        Wake();
    }

    /// <summary>The application has read bytes: they may be granted again.</summary>
    internal void Consumed(YamuxStream stream, int count)
    {
        bool wake;
        lock (_gate)
        {
            if (stream.IsDisposed || stream.Unread < count)
            {
                return; // Settled already, when the stream was disposed of.
            }

            _budget.Return(count);
            stream.MarkRead(count);
            wake = stream.Failure is null && !stream.RemoteClosed && _queue.TryEnqueue(stream);
        }

        if (wake)
        {
            Wake();
        }
    }

    /// <summary>The application is done with a stream. False if it was before.</summary>
    internal bool Leave(YamuxStream stream)
    {
        lock (_gate)
        {
            if (stream.IsDisposed)
            {
                return false;
            }

            Settle(stream);
            stream.MarkDisposed(_options.Time.GetTimestamp());
            stream.TakeEndOfReading();
            if (stream.IsInbound)
            {
                _inbound--;
            }

            stream.Sending.Closing = true;
            if (stream.Failure is null)
            {
                _queue.TryEnqueue(stream);
            }
        }

        Wake();
        return true;
    }

    private async Task ReadLoopAsync()
    {
        try
        {
            while (true)
            {
                var chunk = await _channel.ReadChunkAsync(_stop.Token).ConfigureAwait(false);
                if (chunk.IsEmpty)
                {
                    End(new Libp2pException(Libp2pError.Disconnected, "The other side closed the connection."));
                    return;
                }

                _keepAlive.Heard();
                bool wake;
                lock (_gate)
                {
                    if (_failure is not null)
                    {
                        return;
                    }

                    wake = Process(chunk.Span);
                }

                if (wake)
                {
                    Wake();
                }
            }
        }
        catch (Libp2pException e)
        {
            End(e);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            End(new Libp2pException(Libp2pError.Disconnected, "The connection broke.", e));
        }
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

    private bool Process(ReadOnlySpan<byte> chunk)
    {
        var wake = false;
        while (_reader.TryStep(ref chunk, out var isHeader, out var piece))
        {
            var header = _reader.Header;
            if (isHeader)
            {
                wake |= ProcessHeader(header);
            }
            else if (_streams.TryGetValue(header.StreamId, out var stream))
            {
                wake |= ProcessPiece(stream, piece);
            }

            if (_reader.IsFrameComplete && header.Type == FrameType.Data && header.Flags.HasFlag(FrameFlags.Fin)
                && _streams.TryGetValue(header.StreamId, out var finished))
            {
                ProcessEnd(finished);
            }
        }

        return wake;
    }

    private bool ProcessHeader(FrameHeader header) => header.Type switch
    {
        FrameType.Ping => ProcessPing(header),
        FrameType.GoAway => ProcessGoAway(header),
        _ => ProcessStreamHeader(header),
    };

    private bool ProcessPing(FrameHeader header)
    {
        if (header.Flags.HasFlag(FrameFlags.Ack))
        {
            Require(_keepAlive.TakePong(header.Length), "The other side sends pongs that nobody asked for.");
            return false;
        }

        Require(_keepAlive.TakePing() && _queue.TryPong(header.Length), "The other side pings too often.");
        return true;
    }

    private bool ProcessGoAway(FrameHeader header)
    {
        _wentAway = true;
        if (header.Length != FrameHeader.GoAwayNormal)
        {
            throw new Libp2pException(Libp2pError.Disconnected, $"The other side ended the connection with code {header.Length}.");
        }

        return false;
    }

    private bool ProcessStreamHeader(FrameHeader header)
    {
        var wake = header.Flags.HasFlag(FrameFlags.Syn) && ProcessOpen(header.StreamId);
        _streams.TryGetValue(header.StreamId, out var stream);
        if (header.Type == FrameType.Data)
        {
            // Of a stream that is forgotten here, the other side may still send what it was granted.
            Require(header.Length <= (stream?.ReceiveWindow ?? _options.StreamWindow), "The other side sends more than it was granted.");
        }

        if (stream is null)
        {
            return wake;
        }

        if (header.Flags.HasFlag(FrameFlags.Rst))
        {
            Require(!stream.IsInbound || _keepAlive.TakeReset(), "The other side opens streams to reset them.");
            Cut(stream, new Libp2pException(Libp2pError.StreamReset, "The other side reset the stream."), tell: false);
            return wake;
        }

        if (header.Type == FrameType.WindowUpdate)
        {
            stream.Sending.Widen(header.Length);
            wake |= _queue.TryEnqueue(stream);
            if (header.Flags.HasFlag(FrameFlags.Fin))
            {
                ProcessEnd(stream);
            }
        }

        return wake;
    }

    private bool ProcessOpen(uint id)
    {
        Require((id % 2 == 1) != _isClient, "The other side opens a stream under a number of ours.");
        Require(!_streams.ContainsKey(id), "The other side opens a stream that is open.");
        if (_inbound >= _options.MaxInboundStreams || _wentAway)
        {
            Require(_queue.TryReset(id), "The other side opens streams and does not read the refusals.");
            return true;
        }

        _inbound++;
        var stream = new YamuxStream(this, id, isInbound: true, _options.StreamWindow);
        _streams.Add(id, stream);
        _queue.TryEnqueue(stream);
        _accept(stream);
        return true;
    }

    private bool ProcessPiece(YamuxStream stream, ReadOnlySpan<byte> piece)
    {
        if (stream.IsDisposed)
        {
            // Nobody reads it any more: the other side may as well stop.
            Cut(stream, new Libp2pException(Libp2pError.StreamReset, "The stream was left."), tell: true);
            return true;
        }

        if (stream.RemoteClosed)
        {
            throw new Libp2pException(Libp2pError.Violation, "The other side sends on a stream that it had closed.");
        }

        if (!_budget.TryTake(piece.Length))
        {
            Cut(stream, new Libp2pException(Libp2pError.LimitReached, "Too much waits to be read."), tell: true);
            return true;
        }

        stream.Take(piece);
        stream.Show();
        return false;
    }

    private void ProcessEnd(YamuxStream stream)
    {
        if (!stream.RemoteClosed)
        {
            stream.TakeEnd();
            Finish(stream);
        }
    }

    // Both sides have said their last: the number is forgotten.
    private void Finish(YamuxStream stream)
    {
        if (stream.RemoteClosed && stream.Sending.Closed && _streams.Remove(stream.Id))
        {
            stream.MarkEnded();
        }
    }

    private void Cut(YamuxStream stream, Libp2pException reason, bool tell)
    {
        if (!_streams.Remove(stream.Id))
        {
            return;
        }

        stream.Fail(reason);
        Settle(stream);
        stream.MarkEnded();

        // A stream that the other side never heard of needs no goodbye.
        if (tell && !stream.Sending.Opens && !_queue.TryReset(stream.Id))
        {
            End(new Libp2pException(Libp2pError.Violation, "The other side does not read."));
        }
    }

    // Gives back what a stream holds that nobody will read.
    private void Settle(YamuxStream stream) => _budget.Return(stream.Discard());

    private void Ping(uint value)
    {
        lock (_gate)
        {
            _queue.Ping(value);
        }

        Wake();
    }

    // Streams that were closed here and that the other side leaves half open are cut after a while.
    private void Tick()
    {
        var wake = false;
        lock (_gate)
        {
            foreach (var stream in _streams.Values.Where(IsLate).ToArray())
            {
                Cut(stream, new Libp2pException(Libp2pError.StreamReset, "The other side does not close the stream."), tell: true);
                wake = true;
            }
        }

        if (wake)
        {
            Wake();
        }
    }

    private bool IsLate(YamuxStream stream) =>
        stream.IsDisposed && _options.Time.GetElapsedTime(stream.DisposedAt) > _options.LingerTimeout;

    private static void Require(bool condition, string complaint)
    {
        if (!condition)
        {
            throw new Libp2pException(Libp2pError.Violation, complaint);
        }
    }
}
