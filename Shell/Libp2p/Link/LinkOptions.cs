using Nitro.Libp2p.Addresses;

namespace Nitro.Libp2p.Link;

/// <summary>What a node's link to its peers is told by configuration, and its bounds.</summary>
public sealed record LinkOptions
{
    /// <summary>Our own state-channel address with its checksum.</summary>
    public required string Address { get; init; }

    /// <summary>Peers to be connected to always; each ends with a peer id.</summary>
    public IReadOnlyList<Multiaddr> BootPeers { get; init; } = [];

    /// <summary>Where peers are, by state-channel address in lower case without 0x; each ends with a peer id.</summary>
    public IReadOnlyDictionary<string, Multiaddr> Peers { get; init; } = new Dictionary<string, Multiaddr>();

    /// <summary>Peers that are known to be go-nitro, in the same form: to them the old protocol alone is spoken.</summary>
    public IReadOnlySet<string> GoNitroPeers { get; init; } = new HashSet<string>();

    /// <summary>Bytes of one message.</summary>
    public int MaxMessage { get; init; } = 8 * 1024 * 1024;

    /// <summary>Bytes of messages that are being received from one peer at a time.</summary>
    public int MaxReceivingPerPeer { get; init; } = 16 * 1024 * 1024;

    /// <summary>Bytes of messages that are being received at a time.</summary>
    public long MaxReceiving { get; init; } = 128L * 1024 * 1024;

    /// <summary>Messages that a peer may send within a minute. More are answered "busy"; twice as many end the connection.</summary>
    public int MaxMessagesPerMinute { get; init; } = 1_500_000;

    /// <summary>Bytes that a peer may send within a minute, in the same way.</summary>
    public long MaxBytesPerMinute { get; init; } = 512L * 1024 * 1024;

    /// <summary>Offences, such as bad signatures, within a minute; one more ends the connection.</summary>
    public int MaxOffencesPerMinute { get; init; } = 20;

    /// <summary>Bytes of messages of one go-nitro connection that the node could not take yet; more are lost, as go-nitro says nothing twice.</summary>
    public int MaxHeldBack { get; init; } = 1024 * 1024;

    /// <summary>Messages of that kind.</summary>
    public int MaxHeldBackMessages { get; init; } = 256;

    /// <summary>The first pause before they are offered again; it doubles up to <see cref="MaxHeldBackPause"/>.</summary>
    public TimeSpan MinHeldBackPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause before they are offered again.</summary>
    public TimeSpan MaxHeldBackPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For a message to be written and answered.</summary>
    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Streams for messages that were not needed for so long are closed; well below <see cref="MessageTimeout"/>, after which a receiver cuts them.</summary>
    public TimeSpan IdleStreams { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For a peer to be found and connected to.</summary>
    public TimeSpan FindTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The first pause before a boot peer is dialed again; it doubles up to <see cref="MaxRetry"/>.</summary>
    public TimeSpan MinRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause before a boot peer is dialed again.</summary>
    public TimeSpan MaxRetry { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often our address record is published anew.</summary>
    public TimeSpan Republish { get; init; } = TimeSpan.FromHours(4);

    /// <summary>How often the hash table looks for peers close to us; the first time when the boot peers have had a moment.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromMinutes(10);
}
