namespace Nitro.Ethereum.Rpc;

/// <summary>The endpoint gave no usable answer: nothing is known about what the node thinks of the request.</summary>
public sealed class EndpointException(EndpointTrouble trouble, string message, Exception? inner = null)
    : EthereumRpcException(message, inner)
{
    /// <summary>What went wrong.</summary>
    public EndpointTrouble Trouble { get; } = trouble;
}
