namespace Nitro.JsonRpc;

/// <summary>No answer of the API came back; whether the request was carried out is unknown.</summary>
public sealed class RpcUnreachable : Exception
{
    /// <summary>The message says where, why and what to do next.</summary>
    public RpcUnreachable(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
