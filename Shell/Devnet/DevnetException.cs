namespace Nitro.Devnet;

/// <summary>The development chain cannot be set up. The message says what is missing and what to do.</summary>
public sealed class DevnetException(string message, Exception? inner = null) : Exception(message, inner);
