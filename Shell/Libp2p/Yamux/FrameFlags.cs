namespace Nitro.Libp2p.Yamux;

/// <summary>What else a yamux frame says; several at once are legal.</summary>
[Flags]
internal enum FrameFlags : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Opens a stream, or asks for a pong.</summary>
    Syn = 1,

    /// <summary>Accepts a stream, or is the pong.</summary>
    Ack = 2,

    /// <summary>The sender writes no more on this stream.</summary>
    Fin = 4,

    /// <summary>The stream is cut, both ways.</summary>
    Rst = 8,
}
