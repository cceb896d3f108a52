using System.Text;
using System.Text.Json;
using Nitro.Libp2p.Bytes;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Records;
using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Link;

/// <summary>
/// <c>/nitro/peerinfo/1.0.0</c>: ts-nitro and a fork of go-nitro learn from it at which peer an address is. What others
/// say proves nothing: where an identity proves no address it is a hint for finding, and where it does, the hint must say the same.
/// </summary>
internal sealed class PeerInfoProtocol(Swarm swarm, LinkOptions options, PeerFinder finder)
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
    internal async Task HearAsync(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        var (id, text) = Read(await Line.ReadAsync(stream, MaxLength, cancellationToken).ConfigureAwait(false));
        var address = new byte[20];
        var isAddress = EthereumAddress.TryParse(text, address);
        if (id != connection.Peer.ToString() || (PeerAddress.TryOf(connection.RemoteKey, out var proven) && isAddress && !proven.AsSpan().SequenceEqual(address)))
        {
            throw new Libp2pException(Libp2pError.NotAuthentic, "A peer says that it is another.");
        }

        if (isAddress)
        {
            finder.Hint(address, connection.Peer);
        }
    }

    // ts-nitro writes "id", go would write "Id".
    private static (string? Id, string Address) Read(byte[]? line)
    {
        try
        {
            using var document = JsonDocument.Parse(line ?? []);
            string? id = null;
            var address = "";
            foreach (var member in document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.EnumerateObject() : default)
            {
                if (member.Value.ValueKind == JsonValueKind.String)
                {
                    id = member.Name.Equals("id", StringComparison.OrdinalIgnoreCase) ? member.Value.GetString() : id;
                    address = member.Name.Equals("address", StringComparison.OrdinalIgnoreCase) ? member.Value.GetString()! : address;
                }
            }

            return (id, address);
        }
        catch (JsonException e)
        {
            throw new Libp2pException(Libp2pError.Malformed, "A peerinfo cannot be read.", e);
        }
    }
}
