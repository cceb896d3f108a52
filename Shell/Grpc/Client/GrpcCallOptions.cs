namespace Nitro.Grpc;

/// <summary>What one call is given besides its request.</summary>
public sealed record GrpcCallOptions
{
    /// <summary>Sent along.</summary>
    public GrpcMetadata? Metadata { get; init; }

    /// <summary>Time for the whole call, told to the server and kept by both sides; null: no end.</summary>
    public TimeSpan? Timeout { get; init; }
}
