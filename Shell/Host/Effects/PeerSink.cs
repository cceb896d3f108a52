using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Nitro.Host.Loop;
using Nitro.Ports;

namespace Nitro.Host.Effects;

/// <summary>
/// Takes frames from the link: checks them on the link's thread, lets a bounded number per peer wait for the turn, and answers
/// when what was taken is durable.
/// </summary>
internal sealed class PeerSink(
    Func<NodeHandle> node, Mailbox mailbox, PeerLanes lanes, int mostPerPeer, Counters counters, ILogger logger) : IPeerSink
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> inside = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async ValueTask<PeerAnswer> ReceivedAsync(ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref counters.Received);
        var name = Convert.ToHexStringLower(peer.Span);
        if (!TryEnter(name))
        {
            return PeerAnswer.Busy;
        }

        try
        {
            if (!TryRead(name, peer, frame, out var message))
            {
                return PeerAnswer.Offence;
            }

            var mail = Mail.Awaited(message);
            if (!mailbox.TryPost(mail))
            {
                return PeerAnswer.Busy;
            }

            var taking = await mail.Answered.WaitAsync(cancellationToken);
            return taking.Outcome switch
            {
                PeerTaking.Taken => PeerAnswer.Taken,
                PeerTaking.Busy => PeerAnswer.Busy,
                _ => Offended(name, taking.Code, taking.Detail),
            };
        }
        catch (TenantStoppedException)
        {
            return PeerAnswer.Unreachable;
        }
        finally
        {
            Leave(name);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SeenAsync(ReadOnlyMemory<byte> peer, CancellationToken cancellationToken)
    {
        lanes.Wake(peer);
        var mail = Mail.Awaited(NitroCore.PeerSeen(peer));
        try
        {
            // Only a hint: with no room it is left out, and the timers of the core tell again in its place.
            if (mailbox.TryPost(mail))
            {
                await mail.Answered.WaitAsync(cancellationToken);
            }
        }
        catch (TenantStoppedException)
        {
            logger.LogDebug("Peer 0x{Peer} was seen after the end", Convert.ToHexStringLower(peer.Span));
        }
    }

    private bool TryRead(string name, ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame, [NotNullWhen(true)] out NodeEvent? message)
    {
        try
        {
            if (NitroCore.TryReceive(node(), peer, frame, out message, out var code, out var detail))
            {
                return message is not null;
            }

            Offended(name, code, detail);
        }
        catch (Exception e)
        {
            // Reading decides nothing, so a bug in it must not let a peer stop the node.
            logger.LogError(e, "Reading a message of peer 0x{Peer} failed: a bug, report it", name);
            Offended(name, "unreadable", "the message could not be read");
        }

        message = null;
        return false;
    }

    private PeerAnswer Offended(string peer, string code, string detail)
    {
        Interlocked.Increment(ref counters.Offences);
        logger.LogWarning("A message of peer 0x{Peer} is an offence ({Code}): {Detail}", peer, code, detail);
        return PeerAnswer.Offence;
    }

    private bool TryEnter(string peer)
    {
        lock (gate)
        {
            var count = inside.GetValueOrDefault(peer);
            if (count >= mostPerPeer)
            {
                return false;
            }

            inside[peer] = count + 1;
            return true;
        }
    }

    private void Leave(string peer)
    {
        lock (gate)
        {
            if (--inside[peer] == 0)
            {
                inside.Remove(peer);
            }
        }
    }
}
