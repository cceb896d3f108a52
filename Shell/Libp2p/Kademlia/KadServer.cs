using System.Globalization;
using Google.Protobuf;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Protos;
using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Kademlia;

/// <summary>Answers the requests of others: who is close, what is stored, and may this be stored.</summary>
internal sealed class KadServer(Swarm swarm, KadOptions options, RoutingTable table, RecordStore store)
{
    private readonly PutBudget _budget = new(options.MaxPutsPerMinute, swarm.Options.Time);

    /// <summary>Serves a stream: requests and replies in turn, until its end or a minute of silence.</summary>
    /// <exception cref="Libp2pException">What cuts the stream: a request that cannot be read or that is refused.</exception>
    internal async Task ServeAsync(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        while (true)
        {
            deadline.CancelAfter(options.IdleTimeout);
            var request = await KadWire.ReadAsync(stream, options, deadline.Token).ConfigureAwait(false);
            if (request is null)
            {
                return;
            }

            await KadWire.WriteAsync(stream, Answer(request, connection), deadline.Token).ConfigureAwait(false);
        }
    }

    private KadMessage Answer(KadMessage request, Connection connection) => request.Type switch
    {
        KadMessageType.FindNode => FindNode(request, connection),
        KadMessageType.GetValue => GetValue(request, connection),
        KadMessageType.PutValue => PutValue(request, connection),
        KadMessageType.Ping => request,
        _ => throw new Libp2pException(Libp2pError.NotSupported, $"Requests of type {request.Type} are not served."),
    };

    private KadMessage FindNode(KadMessage request, Connection connection)
    {
        var reply = new KadMessage { Type = KadMessageType.FindNode };
        if (request.Key.Span.SequenceEqual(swarm.LocalPeer.Bytes.Span))
        {
            // go takes a peer into its table only if the peer knows at least itself.
            reply.CloserPeers.Add(KadWire.ToPeer(new KadContact(swarm.LocalPeer, swarm.AddressesFor(connection.RemoteAddress)), isConnected: true));
            return reply;
        }

        AddCloser(reply, request.Key, connection);
        if (PeerId.TryParse(request.Key.Span, out var target) && !target.Equals(connection.Peer)
            && swarm.Find(target) is { Description: { } description } && !reply.CloserPeers.Any(peer => peer.Id.Equals(request.Key)))
        {
            var known = new KadContact(target, [.. KadWire.Dialable(description.Addresses, target).Take(options.MaxAddresses)]);
            if (known.Addresses.Count > 0)
            {
                reply.CloserPeers.Add(KadWire.ToPeer(known, isConnected: true));
            }
        }

        return reply;
    }

    private KadMessage GetValue(KadMessage request, Connection connection)
    {
        var reply = new KadMessage { Type = KadMessageType.GetValue, Key = request.Key };
        if (store.Find(request.Key.Span) is { } found)
        {
            reply.Record = new KadRecord { Key = request.Key, Value = ByteString.CopyFrom(found.Value), TimeReceived = Text(found.Received) };
        }

        AddCloser(reply, request.Key, connection);
        return reply;
    }

    private KadMessage PutValue(KadMessage request, Connection connection)
    {
        if (request.Record is not { } record || !record.Key.Equals(request.Key))
        {
            throw new Libp2pException(Libp2pError.Malformed, "A record to be stored is not under the key of its message.");
        }

        if (!_budget.TryTake(connection.Peer))
        {
            throw new Libp2pException(Libp2pError.LimitReached, "The peer puts too many records.");
        }

        if (!store.TryPut(record.Key.Span, record.Value.ToByteArray()))
        {
            throw new Libp2pException(Libp2pError.NotAuthentic, "A record is not valid, or worse than the one that is stored.");
        }

        return request;
    }

    private void AddCloser(KadMessage reply, ByteString key, Connection connection)
    {
        foreach (var contact in table.Closest(KadId.Of(key.Span), options.BucketSize + 1))
        {
            if (reply.CloserPeers.Count < options.BucketSize && contact.Addresses.Count > 0 && !contact.Peer.Equals(connection.Peer))
            {
                reply.CloserPeers.Add(KadWire.ToPeer(contact, swarm.Find(contact.Peer) is not null));
            }
        }
    }

    private static string Text(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);
}
