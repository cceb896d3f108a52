namespace Nitro.Libp2p.Addresses;

/// <summary>The parts a multiaddr may have, by their code on the wire.</summary>
public enum AddressProtocol
{
    /// <summary>4 bytes.</summary>
    Ip4 = 4,

    /// <summary>A port.</summary>
    Tcp = 6,

    /// <summary>16 bytes.</summary>
    Ip6 = 41,

    /// <summary>A name to be resolved to either kind of address.</summary>
    Dns = 53,

    /// <summary>A name to be resolved to IPv4.</summary>
    Dns4 = 54,

    /// <summary>A name to be resolved to IPv6.</summary>
    Dns6 = 55,

    /// <summary>A name whose TXT records hold multiaddrs. Not dialed.</summary>
    DnsAddr = 56,

    /// <summary>A port. Not dialed.</summary>
    Udp = 273,

    /// <summary>Through a relay. Not dialed.</summary>
    P2pCircuit = 290,

    /// <summary>The peer id.</summary>
    P2p = 421,

    /// <summary>Not dialed.</summary>
    Tls = 448,

    /// <summary>Not dialed.</summary>
    QuicV1 = 461,

    /// <summary>Not dialed.</summary>
    Ws = 477,

    /// <summary>Not dialed.</summary>
    Wss = 478,
}
