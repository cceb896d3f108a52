using Microsoft.Extensions.Logging;
using Nitro.Libp2p.Bytes;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Identify;

/// <summary>identify and identify/push: peers describe themselves, once when they meet and again when something changed.</summary>
internal sealed class IdentifyProtocol(Swarm swarm, ILogger log)
{
    internal const string Protocol = "/ipfs/id/1.0.0";
    internal const string PushProtocol = "/ipfs/id/push/1.0.0";

    private SwarmOptions Options => swarm.Options;

    /// <summary>Asks the peer of a new connection. Never fails: what goes wrong is the description's failure.</summary>
    internal async Task AskAsync(Connection connection)
    {
        using var deadline = Deadline(connection.Closed);
        try
        {
            await using var stream = await connection.OpenStreamAsync(Protocol, deadline.Token).ConfigureAwait(false);
            stream.CloseWrite();
            swarm.Describe(connection, await ReadAsync(stream, connection, deadline.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            log.LogDebug(e, "{Peer} does not describe itself", connection.Peer);
            connection.FailDescription(e);
        }
    }

    /// <summary>Tells one peer anew. Peers that do not take it are left alone.</summary>
    internal async Task PushAsync(Connection connection, CancellationToken cancellationToken)
    {
        using var deadline = Deadline(cancellationToken);
        try
        {
            await using var stream = await connection.OpenStreamAsync(PushProtocol, deadline.Token).ConfigureAwait(false);
            await WriteAsync(stream, connection, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            log.LogDebug(e, "{Peer} takes no push", connection.Peer);
        }
    }

    /// <summary>Serves identify: who opens the stream is told.</summary>
    internal async Task AnswerAsync(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        using var deadline = Deadline(cancellationToken);
        await WriteAsync(stream, connection, deadline.Token).ConfigureAwait(false);
    }

    /// <summary>Serves identify/push: who opens the stream tells.</summary>
    internal async Task TakePushAsync(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        using var deadline = Deadline(cancellationToken);
        swarm.Describe(connection, await ReadAsync(stream, connection, deadline.Token).ConfigureAwait(false));
    }

    private CancellationTokenSource Deadline(CancellationToken cancellationToken)
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Options.IdentifyTimeout);
        return deadline;
    }

    private ValueTask WriteAsync(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        var described = new PeerDescription(
            swarm.AddressesFor(connection.RemoteAddress), swarm.Protocols, connection.RemoteAddress, "", Options.AgentVersion);
        return Delimited.WriteAsync(stream, IdentifyMessage.Write(described, swarm.Identity), cancellationToken);
    }

    private async Task<PeerDescription> ReadAsync(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        var parts = new List<byte[]>();
        while (await Delimited.ReadAsync(stream, Options.MaxIdentifyPart, cancellationToken).ConfigureAwait(false) is { } part)
        {
            parts.Add(part);
            if (parts.Count > Options.MaxIdentifyParts)
            {
                throw new Libp2pException(Libp2pError.LimitReached, "A description has too many parts.");
            }
        }

        return IdentifyMessage.Read(parts, connection.RemoteKey, Options.MaxDescribed);
    }
}
