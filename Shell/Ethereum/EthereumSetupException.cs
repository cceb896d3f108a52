namespace Nitro.Ethereum;

/// <summary>The configuration and the chain, or the store, do not fit together: waiting does not help. The message says what to change.</summary>
public sealed class EthereumSetupException(string message, Exception? inner = null) : Exception(message, inner);
