namespace Nitro.Ethereum.Rpc;

/// <summary>The endpoint gave no usable answer: nothing is known about what the node thinks of the request.</summary>
public sealed class EndpointException(EndpointTrouble trouble, string message, Exception? inner = null)
    : EthereumRpcException(message, inner)
{
    /// <summary>What went wrong.</summary>
    public EndpointTrouble Trouble { get; } = trouble;

    /// <summary>Nobody answers there. The innermost cause tells why: a WebSocket's own only says that it cannot connect.</summary>
    internal static EndpointException Unreachable(string endpoint, Exception cause) => new(
        EndpointTrouble.Unreachable,
        $"The chain endpoint {endpoint} cannot be reached: {cause.GetBaseException().Message.TrimEnd('.')}. Start it, or correct its URL.",
        cause);
}
