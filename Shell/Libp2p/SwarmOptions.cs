namespace Nitro.Libp2p;

/// <summary>Every bound of a host in one place: what a stranger may make it hold, and how long it waits for anything.</summary>
public sealed record SwarmOptions
{
    /// <summary>Connections at a time, both ways.</summary>
    public int MaxConnections { get; init; } = 128;

    /// <summary>Connections at a time with one peer. Two arise when both dial at once.</summary>
    public int MaxConnectionsPerPeer { get; init; } = 8;

    /// <summary>Inbound connections not yet authenticated. One more makes the oldest of them fall.</summary>
    public int MaxPendingUpgrades { get; init; } = 64;

    /// <summary>Of those, how many may come from one network address (IPv6: one /64). One more makes the oldest of these fall.</summary>
    public int MaxPendingUpgradesPerSource { get; init; } = 32;

    /// <summary>Handshakes that one network address may leave unfinished within a minute; who leaves more is not listened to until it is over.</summary>
    public int MaxFailedUpgradesPerMinute { get; init; } = 600;

    /// <summary>Streams at a time that one connection's peer may have opened; more are reset.</summary>
    public int MaxInboundStreams { get; init; } = 256;

    /// <summary>Streams at a time of one protocol that one connection's peer may have opened; more are reset.</summary>
    public int MaxInboundStreamsPerProtocol { get; init; } = 64;

    /// <summary>Streams at a time of one protocol that this host opens on a connection; more wait. js-libp2p resets the 33rd.</summary>
    public int MaxOutboundStreamsPerProtocol { get; init; } = 16;

    /// <summary>Bytes received and not yet read on one stream. The protocol's initial window: at least 262144.</summary>
    public int StreamWindow { get; init; } = 262144;

    /// <summary>Bytes received and not yet read on one connection; a stream that passes it is reset.</summary>
    public int MaxBufferedPerConnection { get; init; } = 8 * 1024 * 1024;

    /// <summary>Bytes received and not yet read on all connections; a stream that passes it is reset.</summary>
    public long MaxBuffered { get; init; } = 256L * 1024 * 1024;

    /// <summary>Answers owed to a peer that does not read (pongs, refusals); more end the connection.</summary>
    public int MaxOwedAnswers { get; init; } = 1024;

    /// <summary>Pings taken from a peer within <see cref="KeepAliveTimeout"/>; more end the connection.</summary>
    public int MaxPings { get; init; } = 1000;

    /// <summary>Streams that a peer opens and resets within <see cref="KeepAliveTimeout"/>; more end the connection.</summary>
    public int MaxResets { get; init; } = 1000;

    /// <summary>Bytes of one protocol name in a negotiation, with its line feed.</summary>
    public int MaxToken { get; init; } = 1024;

    /// <summary>Protocols that a peer may propose before it is given up.</summary>
    public int MaxProposals { get; init; } = 64;

    /// <summary>Bytes of one message of the Noise handshake.</summary>
    public int MaxHandshakeMessage { get; init; } = 8192;

    /// <summary>Bytes of one part of an identify message.</summary>
    public int MaxIdentifyPart { get; init; } = 8192;

    /// <summary>Parts of an identify message.</summary>
    public int MaxIdentifyParts { get; init; } = 10;

    /// <summary>Addresses and protocols that are kept of a peer's description of itself.</summary>
    public int MaxDescribed { get; init; } = 128;

    /// <summary>For a TCP connection to an address.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For everything between the socket and the first stream.</summary>
    public TimeSpan UpgradeTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For agreeing on a stream's protocol.</summary>
    public TimeSpan NegotiationTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For an identify message, whole.</summary>
    public TimeSpan IdentifyTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For the next ping on a ping stream.</summary>
    public TimeSpan PingIdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Silence after which a ping asks whether the peer is still there.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Silence after that ping which ends the connection.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a closed stream waits for the other side to close too, and a closing connection for its last bytes.</summary>
    public TimeSpan LingerTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What identify says of this software.</summary>
    public string AgentVersion { get; init; } = "nitro-dotnet";

    /// <summary>The clock of keepalives and of records.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
