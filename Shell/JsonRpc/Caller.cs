namespace Nitro.JsonRpc;

/// <summary>Who speaks on a connection, as far as it matters for what is answered.</summary>
internal sealed class Caller(bool onLoopback, RpcId unknownId, Action? admitted = null)
{
    private int _admitted;

    /// <summary>Callers on this machine get tokens for the asking; others show the key file's secret.</summary>
    public bool OnLoopback { get; } = onLoopback;

    /// <summary>The id to answer under when a request's own cannot be read.</summary>
    public RpcId UnknownId { get; } = unknownId;

    public bool IsAdmitted => Volatile.Read(ref _admitted) != 0;

    /// <summary>Notes that a token with <c>read</c> was shown; tells the connection once.</summary>
    public void Admit()
    {
        if (Interlocked.Exchange(ref _admitted, 1) == 0)
        {
            admitted?.Invoke();
        }
    }
}
