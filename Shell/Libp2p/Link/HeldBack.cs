using Microsoft.Extensions.Logging;
using Nitro.Ports;

namespace Nitro.Libp2p.Link;

/// <summary>
/// Messages of one go-nitro peer that the node could not take yet. Such a peer says everything once, so they are kept and offered
/// again in their order: after later messages, and on a timer. They end with the connection.
/// </summary>
internal sealed class HeldBack(LinkOptions options, LinkTraffic traffic, ILogger log)
{
    private readonly Lock _gate = new();
    private readonly List<byte[]> _messages = [];
    private readonly SemaphoreSlim _wake = new(0, 1);
    private long _bytes;
    private bool _isOffering;

    /// <summary>Keeps a message, and begins to offer; false: there is no room. A repeated one counts once.</summary>
    /// <param name="message">What was not taken.</param>
    /// <param name="offer">Offers one again.</param>
    /// <param name="end">Ends with the connection.</param>
    internal bool TryAdd(byte[] message, Func<byte[], CancellationToken, Task<PeerAnswer>> offer, CancellationToken end)
    {
        lock (_gate)
        {
            if (_messages.Exists(held => held.AsSpan().SequenceEqual(message)))
            {
                return true;
            }

            if (_messages.Count >= options.MaxHeldBackMessages || _bytes + message.Length > options.MaxHeldBack)
            {
                return false;
            }

            _messages.Add(message);
            _bytes += message.Length;
            traffic.Hold(1);
            if (!_isOffering)
            {
                _isOffering = true;
                _ = OfferAllAsync(offer, end);
            }

            return true;
        }
    }

    /// <summary>Another message was taken: what waits may be wanted now.</summary>
    internal void Wake()
    {
        lock (_gate)
        {
            if (_isOffering && _wake.CurrentCount == 0)
            {
                _wake.Release();
            }
        }
    }

    private async Task OfferAllAsync(Func<byte[], CancellationToken, Task<PeerAnswer>> offer, CancellationToken end)
    {
        try
        {
            for (var pause = options.MinHeldBackPause; ;)
            {
                await _wake.WaitAsync(pause, end).ConfigureAwait(false);
                pause = await PassAsync(offer, end).ConfigureAwait(false)
                    ? options.MinHeldBackPause
                    : TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, options.MaxHeldBackPause.Ticks));
                lock (_gate)
                {
                    if (_messages.Count == 0)
                    {
                        _isOffering = false;
                        return;
                    }
                }
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            Drop();
        }
        catch (Exception e)
        {
            log.LogError(e, "offering what was held back failed");
            Drop();
        }
    }

    // True if anything went.
    private async Task<bool> PassAsync(Func<byte[], CancellationToken, Task<PeerAnswer>> offer, CancellationToken end)
    {
        byte[][] all;
        lock (_gate)
        {
            all = [.. _messages];
        }

        var isAnyGone = false;
        foreach (var message in all)
        {
            if (await offer(message, end).ConfigureAwait(false) is PeerAnswer.Taken or PeerAnswer.Offence)
            {
                isAnyGone = true;
                lock (_gate)
                {
                    _messages.Remove(message);
                    _bytes -= message.Length;
                }

                traffic.Hold(-1);
            }
        }

        return isAnyGone;
    }

    private void Drop()
    {
        lock (_gate)
        {
            traffic.Hold(-_messages.Count);
            _messages.Clear();
            (_bytes, _isOffering) = (0, false);
        }
    }
}
