namespace Nitro.Host.Options;

/// <summary>The configuration cannot be used. The message names each key that is wrong, why, and what to do.</summary>
public sealed class NodeOptionsException(string message, Exception? inner = null) : Exception(message, inner);
