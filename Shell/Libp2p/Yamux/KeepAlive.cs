namespace Nitro.Libp2p.Yamux;

/// <summary>
/// Asks a silent peer for a sign of life, ends the session without one, and counts what a peer may do only so often.
/// Anything that arrives is a sign of life.
/// </summary>
internal sealed class KeepAlive(SwarmOptions options, Action<uint> ping, Action tick, Action<Libp2pException> end)
{
    // Some implementations answer late or twice; more than a few are a flood.
    private const int MaxStrayPongs = 16;

    private long _heard = options.Time.GetTimestamp();
    private long _asked;
    private uint _value;
    private int _isAsking;
    private int _strayPongs;
    private int _pings;
    private int _pongs;
    private int _resets;

    /// <summary>Pongs that came to pings of ours.</summary>
    internal int PongCount => Volatile.Read(ref _pongs);

    /// <summary>Starts the clock; the session ends when it is disposed of.</summary>
    internal ITimer Start() => options.Time.CreateTimer(_ => Check(), null, options.KeepAliveTimeout, options.KeepAliveTimeout);

    /// <summary>Something arrived.</summary>
    internal void Heard() => Volatile.Write(ref _heard, options.Time.GetTimestamp());

    /// <summary>A ping arrived. False where there are too many.</summary>
    internal bool TakePing() => Interlocked.Increment(ref _pings) <= options.MaxPings;

    /// <summary>The peer reset a stream that it had opened. False where it does that too often: each costs us more than it.</summary>
    internal bool TakeReset() => Interlocked.Increment(ref _resets) <= options.MaxResets;

    /// <summary>A pong arrived. False where there are too many that nobody asked for.</summary>
    internal bool TakePong(uint value)
    {
        if (value == Volatile.Read(ref _value) && Interlocked.Exchange(ref _isAsking, 0) == 1)
        {
            Interlocked.Increment(ref _pongs);
            return true;
        }

        return Interlocked.Increment(ref _strayPongs) <= MaxStrayPongs;
    }

    private void Check()
    {
        Volatile.Write(ref _pings, 0);
        Volatile.Write(ref _strayPongs, 0);
        Volatile.Write(ref _resets, 0);
        tick();
        var heard = Volatile.Read(ref _heard);
        if (Volatile.Read(ref _isAsking) == 1)
        {
            if (heard >= _asked)
            {
                Volatile.Write(ref _isAsking, 0);
            }
            else if (options.Time.GetElapsedTime(_asked) >= options.KeepAliveTimeout)
            {
                end(new Libp2pException(Libp2pError.TimedOut, "The other side gave no sign of life."));
            }
        }
        else if (options.Time.GetElapsedTime(heard) >= options.KeepAliveInterval)
        {
            _asked = options.Time.GetTimestamp();
            Volatile.Write(ref _value, _value + 1);
            Volatile.Write(ref _isAsking, 1);
            ping(_value);
        }
    }
}
