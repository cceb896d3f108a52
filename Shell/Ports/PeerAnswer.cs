namespace Nitro.Ports;

/// <summary>The receiver's answer to a frame, or what stands for it when there is none.</summary>
public enum PeerAnswer
{
    /// <summary>Durable at the receiver.</summary>
    Taken,

    /// <summary>Not now: send it again later.</summary>
    Busy,

    /// <summary>The receiver calls it an offence: sending it again is pointless.</summary>
    Offence,

    /// <summary>No answer: not connected, or the connection broke. Send it again.</summary>
    Unreachable,
}
