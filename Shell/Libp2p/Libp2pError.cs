namespace Nitro.Libp2p;

/// <summary>What went wrong, for those who decide on it. The message of the exception is for people.</summary>
public enum Libp2pError
{
    /// <summary>Bytes that are not what the protocol allows at that place.</summary>
    Malformed,

    /// <summary>The other side broke a rule: window, stream numbers, order of messages.</summary>
    Violation,

    /// <summary>A cipher or a signature does not fit.</summary>
    NotAuthentic,

    /// <summary>Somebody else than the one who was dialed.</summary>
    WrongPeer,

    /// <summary>The other side speaks none of the protocols proposed.</summary>
    NotSupported,

    /// <summary>The connection has ended; nothing says how far the last bytes came.</summary>
    Disconnected,

    /// <summary>One stream was cut by either side.</summary>
    StreamReset,

    /// <summary>A bound of <see cref="SwarmOptions"/> would be passed.</summary>
    LimitReached,

    /// <summary>The time for it is over.</summary>
    TimedOut,

    /// <summary>No address of the peer is known, or none answered.</summary>
    Unreachable,

    /// <summary>A place to listen at that cannot be had.</summary>
    Occupied,
}
