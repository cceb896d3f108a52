namespace Nitro.EventStore.Connection;

/// <summary>Where a server listens: a name or an address, and a port.</summary>
public readonly record struct ServerAddress(string Host, int Port)
{
    /// <summary>The port of EventStoreDB.</summary>
    public const int DefaultPort = 2113;

    /// <summary><c>host:port</c>; IPv6 in brackets.</summary>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
