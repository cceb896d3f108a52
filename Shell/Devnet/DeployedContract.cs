namespace Nitro.Devnet;

/// <summary>A contract on a development chain: its address (20 bytes) and the gas of its deployment.</summary>
public sealed record DeployedContract(ReadOnlyMemory<byte> Address, long GasUsed);
