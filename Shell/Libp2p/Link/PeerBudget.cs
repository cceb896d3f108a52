using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Link;

/// <summary>What one connection's peer may still do: a peer can spend its own budget and nobody else's.</summary>
internal sealed class PeerBudget(LinkOptions options, ByteBudget all, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _began = time.GetTimestamp();
    private int _messages;
    private long _bytes;
    private int _offences;

    /// <summary>Bytes of messages that are being received.</summary>
    internal ByteBudget Receiving { get; } = new(options.MaxReceivingPerPeer, all);

    /// <summary>Counts a message.</summary>
    internal BudgetVerdict Take(int bytes)
    {
        lock (_gate)
        {
            Turn();
            _messages++;
            _bytes += bytes;
            return _messages > 2L * options.MaxMessagesPerMinute || _bytes > 2 * options.MaxBytesPerMinute ? BudgetVerdict.Cut
                : _messages > options.MaxMessagesPerMinute || _bytes > options.MaxBytesPerMinute ? BudgetVerdict.Slow
                : BudgetVerdict.Fine;
        }
    }

    /// <summary>Counts an offence.</summary>
    internal BudgetVerdict Offend()
    {
        lock (_gate)
        {
            Turn();
            return ++_offences > options.MaxOffencesPerMinute ? BudgetVerdict.Cut : BudgetVerdict.Fine;
        }
    }

    private void Turn()
    {
        if (time.GetElapsedTime(_began) >= TimeSpan.FromMinutes(1))
        {
            _began = time.GetTimestamp();
            (_messages, _bytes, _offences) = (0, 0, 0);
        }
    }
}
