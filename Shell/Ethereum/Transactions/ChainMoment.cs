namespace Nitro.Ethereum.Transactions;

/// <summary>The account as one round of the transaction manager sees it: newest height, and the next nonce at that block and in the node's pool.</summary>
internal readonly record struct ChainMoment(long Latest, ulong MinedNonce, ulong PoolNonce);
