namespace Nitro.Ethereum.Rpc;

/// <summary>What is read of a block. Hashes are 32 bytes; the time is in seconds since 1970.</summary>
public sealed record BlockHeader(long Height, ReadOnlyMemory<byte> Hash, ReadOnlyMemory<byte> ParentHash, long TimeSeconds);
