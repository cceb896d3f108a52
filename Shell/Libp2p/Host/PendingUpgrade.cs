using System.Net;
using System.Net.Sockets;

namespace Nitro.Libp2p.Host;

/// <summary>One inbound connection that has not proven who it is, and the network it comes from.</summary>
internal sealed record PendingUpgrade(Socket Socket, IPAddress Source);
