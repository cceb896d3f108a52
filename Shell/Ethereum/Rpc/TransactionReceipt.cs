using Nitro.Ports;

namespace Nitro.Ethereum.Rpc;

/// <summary>What became of a mined transaction. <c>Contract</c>: the address of a deployment, 20 bytes, else empty.</summary>
public sealed record TransactionReceipt(
    bool Succeeded,
    long Height,
    ReadOnlyMemory<byte> BlockHash,
    long GasUsed,
    ReadOnlyMemory<byte> Contract,
    IReadOnlyList<EmittedLog> Logs);

/// <summary>A log with the contract (20 bytes) that emitted it.</summary>
public sealed record EmittedLog(ReadOnlyMemory<byte> Address, ChainLog Log, bool Removed);
