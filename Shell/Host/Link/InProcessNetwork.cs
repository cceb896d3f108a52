using Nitro.Ports;

namespace Nitro.Host.Link;

/// <summary>
/// Connects the tenants of one process. Senders are who they say they are; frames arrive as they were sent unless
/// <see cref="Faults"/> says otherwise.
/// </summary>
public sealed class InProcessNetwork
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, IPeerSink> present = new(StringComparer.Ordinal);
    private readonly Dictionary<(string From, string To), ReadOnlyMemory<byte>> heldBack = [];
    private LinkFaults faults = new();
    private Random dice = new(0);

    /// <summary>What goes wrong on purpose; setting it throws the dice anew from its seed.</summary>
    public LinkFaults Faults
    {
        get
        {
            lock (gate)
            {
                return faults;
            }
        }

        set
        {
            lock (gate)
            {
                faults = value;
                dice = new Random(value.Seed);
            }
        }
    }

    /// <summary>A link for the tenant with this address (20 bytes).</summary>
    public IPeerLink LinkOf(ReadOnlyMemory<byte> address) => new InProcessLink(this, address.ToArray());

    /// <summary>Who is here: addresses without 0x.</summary>
    internal IReadOnlyList<(string Name, IPeerSink Sink)> Join(string name, IPeerSink sink)
    {
        lock (gate)
        {
            if (!present.TryAdd(name, sink))
            {
                throw new InvalidOperationException($"Two tenants of this process have the address 0x{name}: give each a channel key of its own.");
            }

            return [.. present.Where(other => other.Key != name).Select(other => (other.Key, other.Value))];
        }
    }

    internal void Leave(string name)
    {
        lock (gate)
        {
            present.Remove(name);
        }
    }

    internal async ValueTask<PeerAnswer> DeliverAsync(
        ReadOnlyMemory<byte> from, string to, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        var pair = (Convert.ToHexStringLower(from.Span), to);
        LinkFate fate;
        ReadOnlyMemory<byte>? late = null;
        lock (gate)
        {
            fate = LinkFate.Throw(dice, faults);
            if (fate.IsHeldBack)
            {
                heldBack[pair] = frame;
            }
            else if (heldBack.Remove(pair, out var waiting))
            {
                late = waiting;
            }
        }

        if (fate.Delay > TimeSpan.Zero)
        {
            await Task.Delay(fate.Delay, cancellationToken);
        }

        if (fate.IsLost || fate.IsHeldBack || SinkOf(to) is not { } sink)
        {
            return PeerAnswer.Unreachable;
        }

        var answer = await sink.ReceivedAsync(from, frame, cancellationToken);
        if (fate.IsRepeated)
        {
            await sink.ReceivedAsync(from, frame, cancellationToken);
        }

        if (late is { } older)
        {
            await sink.ReceivedAsync(from, older, cancellationToken);
        }

        return fate.IsAnswerLost ? PeerAnswer.Unreachable : answer;
    }

    /// <summary>Whether the tenant with this address (20 bytes) is here and at work.</summary>
    internal bool Has(ReadOnlySpan<byte> address) => SinkOf(Convert.ToHexStringLower(address)) is not null;

    private IPeerSink? SinkOf(string name)
    {
        lock (gate)
        {
            return present.GetValueOrDefault(name);
        }
    }
}
