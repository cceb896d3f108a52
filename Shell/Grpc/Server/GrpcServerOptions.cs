namespace Nitro.Grpc;

/// <summary>Limits of a server. Sizes in bytes.</summary>
public sealed record GrpcServerOptions
{
    /// <summary>Where it listens; at least one.</summary>
    public required IReadOnlyList<GrpcEndpoint> Endpoints { get; init; }

    /// <summary>Longest message taken, unpacked.</summary>
    public int MaxReceiveBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Longest message sent.</summary>
    public int MaxSendBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>All headers of a call together.</summary>
    public int MaxMetadataBytes { get; init; } = 32 * 1024;

    /// <summary>Connections open at a time.</summary>
    public int MaxConnections { get; init; } = 1_000;

    /// <summary>Calls running at a time on one connection; a client keeps further ones back.</summary>
    public int MaxCallsPerConnection { get; init; } = 256;

    /// <summary>Time in which the single request of a call must have arrived.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Silence after which the server asks whether the client lives; at least a second.</summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for the answer to that; afterwards the connection is closed and its calls are cancelled.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for running calls to end when the server stops; they are told by their cancellation token.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
