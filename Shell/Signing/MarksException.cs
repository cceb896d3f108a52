namespace Nitro.Signing;

/// <summary>The marks cannot be opened: the signer must not sign without them. The message says why and what to do.</summary>
public sealed class MarksException(string message, Exception? inner = null) : Exception(message, inner);
