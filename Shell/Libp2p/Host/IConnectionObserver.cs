using Nitro.Libp2p.Identify;

namespace Nitro.Libp2p.Host;

/// <summary>Is told of connections. Calls must not wait and must not throw.</summary>
public interface IConnectionObserver
{
    /// <summary>A connection stands, authenticated.</summary>
    void Connected(Connection connection);

    /// <summary>The peer has described itself, for the first time or anew.</summary>
    void Described(Connection connection, PeerDescription description);

    /// <summary>The connection has ended.</summary>
    void Disconnected(Connection connection, Libp2pException reason);
}
