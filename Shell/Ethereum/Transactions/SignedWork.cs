using Nitro.Ports;

namespace Nitro.Ethereum.Transactions;

/// <summary>A transaction fresh from the signer, not stored yet.</summary>
internal sealed record SignedWork(PendingCall Call, int Step, UnsignedTransaction Transaction, ReadOnlyMemory<byte> Raw);
