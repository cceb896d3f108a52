namespace Nitro.Signing;

/// <summary>A private key cannot be taken from where it was configured; the message says why and what to do, never the key.</summary>
public sealed class KeyFileException(string message, Exception? inner = null) : Exception(message, inner);
