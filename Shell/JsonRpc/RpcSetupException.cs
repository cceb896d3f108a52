namespace Nitro.JsonRpc;

/// <summary>The API cannot be served as configured; the message says what, why and what to change.</summary>
public sealed class RpcSetupException : Exception
{
    /// <summary>Made by the server, the key file and the certificate reader.</summary>
    public RpcSetupException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
