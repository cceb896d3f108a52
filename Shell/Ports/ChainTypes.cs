namespace Nitro.Ports;

/// <summary>A call to make, as one or more transactions in order; a step is sent when the one before it has been mined successfully.</summary>
/// <param name="EffectId">Names the call across restarts.</param>
/// <param name="Description">For logs and people.</param>
/// <param name="Steps">At least one.</param>
public sealed record ChainCall(long EffectId, string Description, IReadOnlyList<ChainStep> Steps)
{
    /// <summary>For whoever signs the transactions: kept with the call, and not read.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Evidence { get; init; } = [];

    /// <summary>The signed calls that caused it, as they stood when it was first submitted: for whoever signs, too.</summary>
    public IReadOnlyList<CallContext> Contexts { get; init; } = [];
}

/// <summary>One transaction. <c>To</c>: 20 bytes; <c>Value</c>: wei, 32 bytes big-endian; <c>Data</c>: calldata.</summary>
public sealed record ChainStep(ReadOnlyMemory<byte> To, ReadOnlyMemory<byte> Value, ReadOnlyMemory<byte> Data);

/// <summary>A read-only call (eth_call). <c>To</c>: 20 bytes.</summary>
public sealed record ChainRead(long EffectId, ReadOnlyMemory<byte> To, ReadOnlyMemory<byte> Data);

/// <summary>The answer to a read, with the block it was read at (by hash).</summary>
public sealed record ChainReadResult(long EffectId, ReadOnlyMemory<byte> Answer, long Height, ReadOnlyMemory<byte> BlockHash);

/// <summary>One log of the followed contract. Topics are 32 bytes each.</summary>
public sealed record ChainLog(
    long Height,
    ReadOnlyMemory<byte> BlockHash,
    int LogIndex,
    ReadOnlyMemory<byte> TransactionHash,
    IReadOnlyList<ReadOnlyMemory<byte>> Topics,
    ReadOnlyMemory<byte> Data);

/// <summary>A final block: height, hash, and its time in seconds since 1970.</summary>
public sealed record ChainHead(long Height, ReadOnlyMemory<byte> BlockHash, long TimeSeconds);

/// <summary>Why a call failed for good. <c>Reason</c>: the contract's revert reason where there is one.</summary>
public sealed record ChainRefusal(long EffectId, string Reason, bool Mined);

/// <summary>Connection and progress of a chain adapter.</summary>
/// <param name="Connected">The endpoint answers.</param>
/// <param name="LatestHeight">Newest block seen, or -1.</param>
/// <param name="FinalHeight">Newest block at final depth, or -1.</param>
/// <param name="PendingCalls">Calls not yet mined.</param>
/// <param name="LastError">The last complaint, empty when all is well.</param>
/// <param name="Transactions">Transactions mined for this account since start.</param>
/// <param name="GasUsed">Their gas.</param>
public sealed record ChainHealth(
    bool Connected,
    long LatestHeight,
    long FinalHeight,
    int PendingCalls,
    string LastError,
    long Transactions,
    long GasUsed);
