namespace Nitro.Libp2p.Yamux;

/// <summary>What a yamux frame is about.</summary>
internal enum FrameType : byte
{
    /// <summary>Bytes of a stream.</summary>
    Data = 0,

    /// <summary>Leave to send more on a stream.</summary>
    WindowUpdate = 1,

    /// <summary>Asks for a sign of life, or is one.</summary>
    Ping = 2,

    /// <summary>The end of the session; the length says why.</summary>
    GoAway = 3,
}
