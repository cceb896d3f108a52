namespace Nitro.Ethereum.Rpc;

/// <summary>A JSON-RPC call that gave no result: either the endpoint is in trouble, or the node answered with an error.</summary>
public abstract class EthereumRpcException : Exception
{
    private protected EthereumRpcException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
