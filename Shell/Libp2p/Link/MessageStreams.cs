using System.Diagnostics.CodeAnalysis;
using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Link;

/// <summary>
/// The streams of one connection that have carried a message and may carry another. Those that are not needed for a while are
/// closed.
/// </summary>
/// <param name="most">Senders at a time; more wait.</param>
/// <param name="pause">How often it is looked for streams that were not needed.</param>
/// <param name="time">Its clock.</param>
internal sealed class MessageStreams(int most, TimeSpan pause, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _places = new(most);
    private readonly Stack<YamuxStream> _idle = new();
    private ITimer? _timer;
    private int _unneeded;

    /// <summary>Waits for a turn to send. To be given back by <see cref="Leave"/>.</summary>
    internal Task EnterAsync(CancellationToken cancellationToken) => _places.WaitAsync(cancellationToken);

    /// <summary>The turn is over.</summary>
    internal void Leave() => _places.Release();

    /// <summary>The stream that was used last, if it is still whole.</summary>
    internal bool TryTake([NotNullWhen(true)] out YamuxStream? stream)
    {
        lock (_gate)
        {
            while (_idle.TryPop(out stream))
            {
                _unneeded = Math.Min(_unneeded, _idle.Count);
                if (stream.IsAtRest)
                {
                    return true;
                }

                stream.Dispose();
            }

            return false;
        }
    }

    /// <summary>A message was answered: its stream may carry another.</summary>
    internal void Keep(YamuxStream stream)
    {
        lock (_gate)
        {
            _idle.Push(stream);
            _timer ??= time.CreateTimer(_ => Tidy(), null, pause, pause);
        }
    }

    // The least that lay idle at any moment since the last time lay idle all the time.
    private void Tidy()
    {
        lock (_gate)
        {
            var needed = _idle.Count - _unneeded;
            var newest = new YamuxStream[needed];
            for (var i = 0; i < needed; i++)
            {
                newest[i] = _idle.Pop();
            }

            while (_idle.TryPop(out var stream))
            {
                stream.Dispose();
            }

            for (var i = needed - 1; i >= 0; i--)
            {
                _idle.Push(newest[i]);
            }

            _unneeded = needed;
            if (needed == 0)
            {
                _timer?.Dispose();
                _timer = null;
            }
        }
    }
}
