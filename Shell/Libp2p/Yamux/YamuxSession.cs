using Nitro.Libp2p.Noise;

namespace Nitro.Libp2p.Yamux;

/// <summary>
/// One connection shared by many streams. One loop reads; one task at a time sends, for all who have something to say. A short
/// gate guards the state between them and is never held while anything is read, written or waited for.
/// </summary>
internal sealed partial class YamuxSession
{
    /// <summary>The protocol's name in negotiations.</summary>
    internal const string Protocol = "/yamux/1.0.0";

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

    internal bool IsAtRest(YamuxStream stream)
    {
        lock (_gate)
        {
            return stream is { Failure: null, RemoteClosed: false, Unread: 0, Sending.Closing: false };
        }
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
}
