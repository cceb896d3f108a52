namespace Nitro.Host.Loop;

/// <summary>A tenant stopped, or never started: what it was asked will not happen until it is started again. The message says why and what to do.</summary>
public sealed class TenantStoppedException(string message, Exception? inner = null) : Exception(message, inner);
