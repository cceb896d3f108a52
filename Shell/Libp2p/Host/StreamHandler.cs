using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Host;

/// <summary>
/// Serves one stream that a peer opened. The stream is closed when the task ends, and reset when it fails. The token ends
/// with the connection.
/// </summary>
public delegate Task StreamHandler(YamuxStream stream, Connection connection, CancellationToken cancellationToken);
