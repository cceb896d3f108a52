using System.Text;
using System.Text.Json;
using Nitro.Libp2p.Bytes;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Link;

/// <summary>
/// <c>/nitro/peerinfo/1.0.0</c>: ts-nitro and a fork of go-nitro learn from it at which peer an address is. What others
/// say is checked and proves nothing that the connection does not prove already.
/// </summary>
internal sealed class PeerInfoProtocol(Swarm swarm, LinkOptions options)
{
    internal const string Protocol = "/nitro/peerinfo/1.0.0";

    private const int MaxLength = 1024;

    /// <summary>Tells a peer who we are.</summary>
    internal async Task TellAsync(Connection connection, CancellationToken cancellationToken)
    {
        await using var stream = await connection.OpenStreamAsync(Protocol, cancellationToken).ConfigureAwait(false);
        var line = Encoding.ASCII.GetBytes($"{{\"id\":\"{swarm.LocalPeer}\",\"address\":\"{options.Address}\"}}\n");
        await stream.WriteAsync(line, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Hears a peer. The stream is cut where it names somebody else.</summary>
    /// <exception cref="Libp2pException">Malformed, NotAuthentic.</exception>
    internal static async Task HearAsync(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        var line = await Line.ReadAsync(stream, MaxLength, cancellationToken).ConfigureAwait(false);
        if (Named(line) != connection.Peer.ToString())
        {
            throw new Libp2pException(Libp2pError.NotAuthentic, "A peer says that it is another.");
        }
    }

    // ts-nitro writes "id", go would write "Id".
    private static string? Named(byte[]? line)
    {
        try
        {
            using var document = JsonDocument.Parse(line ?? []);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.EnumerateObject()
                    .Where(member => member.Name.Equals("id", StringComparison.OrdinalIgnoreCase) && member.Value.ValueKind == JsonValueKind.String)
                    .Select(member => member.Value.GetString()).LastOrDefault()
                : null;
        }
        catch (JsonException e)
        {
            throw new Libp2pException(Libp2pError.Malformed, "A peerinfo cannot be read.", e);
        }
    }
}
