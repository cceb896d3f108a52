namespace Nitro.Libp2p;

/// <summary>The one exception of this library's connections and streams; <see cref="Error"/> says which kind.</summary>
public sealed class Libp2pException(Libp2pError error, string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>What went wrong.</summary>
    public Libp2pError Error { get; } = error;
}
