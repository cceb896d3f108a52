namespace Nitro.JsonRpc;

/// <summary>Why a stdio session ended.</summary>
public enum StdioEnd
{
    /// <summary>The client closed its side; everything it asked was answered.</summary>
    EndOfInput,

    /// <summary>The client no longer takes output.</summary>
    ClientGone,

    /// <summary>The client let more than <see cref="RpcOptions.SubscriberQueue"/> notifications wait.</summary>
    ClientTooSlow,

    /// <summary>The node ended its notifications, or the caller asked to stop.</summary>
    Stopped,
}
