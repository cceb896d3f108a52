namespace Nitro.Signer;

/// <summary>The signer cannot start as it is configured; the message says what to change.</summary>
public sealed class SignerSetupException(string message, Exception? inner = null) : Exception(message, inner);
