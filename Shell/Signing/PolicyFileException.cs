namespace Nitro.Signing;

/// <summary>The owner's policy cannot be used; the message says why. A signer does not start with another one in its place.</summary>
public sealed class PolicyFileException(string message, Exception? inner = null) : Exception(message, inner);
