namespace Nitro.JsonRpc;

/// <summary>
/// The node answered with an error. <see cref="Code"/>: JSON-RPC error code; <see cref="Tag"/> and <see cref="Next"/>: what kind of problem
/// and what to do about it, where the node says so.
/// </summary>
public sealed class RpcError(int code, string message, string? tag, string? next) : Exception(message)
{
    /// <summary>-32602 for values the method does not take, -32603 for a refusal, others as in JSON-RPC.</summary>
    public int Code { get; } = code;

    /// <summary>The problem's short name.</summary>
    public string? Tag { get; } = tag;

    /// <summary>What to do about it, in one sentence.</summary>
    public string? Next { get; } = next;
}
