namespace Nitro.Ethereum.Rpc;

/// <summary>The node understood the request and answered with an error.</summary>
public sealed class NodeErrorException(string method, int code, string nodeMessage, ReadOnlyMemory<byte> data)
    : EthereumRpcException($"{method} was answered with error {code}: {nodeMessage}", null)
{
    /// <summary>JSON-RPC error code; 3 is a revert.</summary>
    public int Code { get; } = code;

    /// <summary>The node's own words, at most 500 characters.</summary>
    public string NodeMessage { get; } = nodeMessage;

    /// <summary>The error's <c>data</c> where it was hexadecimal (a revert's return data), else empty.</summary>
    public ReadOnlyMemory<byte> RevertData { get; } = data;

    /// <summary>The execution reverted: the same call on the same state reverts again.</summary>
    public bool IsRevert => Code == 3 || NodeMessage.Contains("revert", StringComparison.OrdinalIgnoreCase);

    /// <summary>Why it reverted: the contract's reason where the data tells it, else the node's words.</summary>
    public string Reason => RevertReason.Decode(RevertData.Span) ?? NodeMessage;
}
