using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nitro.Libp2p.Negotiation;
using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Host;

/// <summary>Agrees on a protocol for each stream that a peer opens, and gives it to that protocol's handler.</summary>
internal sealed class StreamRouter(SwarmOptions options, ILogger log)
{
    private readonly ConcurrentDictionary<string, StreamHandler> _handlers = new(StringComparer.Ordinal);

    internal IReadOnlyList<string> Protocols => [.. _handlers.Keys.Order(StringComparer.Ordinal)];

    internal void Add(string protocol, StreamHandler handler) => _handlers[protocol] = handler;

    /// <summary>Serves one stream to its end. Never fails: what goes wrong cuts the stream.</summary>
    internal async Task ServeAsync(YamuxStream stream, Connection connection)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // Called under the session's gate.
        try
        {
            var protocol = await NegotiateAsync(stream, connection).ConfigureAwait(false);
            await HandleAsync(protocol, stream, connection).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            stream.Reset();
            log.LogDebug(e, "a stream of {Peer} for '{Protocol}' was cut", connection.Peer, stream.Protocol);
        }
        catch (Exception e)
        {
            stream.Reset();
            log.LogError(e, "the handler of '{Protocol}' failed", stream.Protocol);
        }
        finally
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<string> NegotiateAsync(YamuxStream stream, Connection connection)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(connection.Closed);
        deadline.CancelAfter(options.NegotiationTimeout);
        return stream.Protocol = await Multistream.ListenAsync(stream, _handlers.ContainsKey, () => Protocols, options, deadline.Token)
            .ConfigureAwait(false);
    }

    private async Task HandleAsync(string protocol, YamuxStream stream, Connection connection)
    {
        var open = connection.Inbound.AddOrUpdate(protocol, 1, (_, count) => count + 1);
        try
        {
            if (open > options.MaxInboundStreamsPerProtocol)
            {
                throw new Libp2pException(Libp2pError.LimitReached, $"The peer has {open} streams of {protocol}.");
            }

            await _handlers[protocol](stream, connection, connection.Closed).ConfigureAwait(false);
        }
        finally
        {
            connection.Inbound.AddOrUpdate(protocol, 0, (_, count) => count - 1);
        }
    }
}
