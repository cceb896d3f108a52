namespace Nitro.Grpc;

/// <summary>Which side sends one message, and which a stream of them.</summary>
public enum GrpcMethodKind
{
    /// <summary>One request, one response.</summary>
    Unary,

    /// <summary>A stream of requests, one response.</summary>
    ClientStreaming,

    /// <summary>One request, a stream of responses.</summary>
    ServerStreaming,

    /// <summary>Two streams, independent of each other.</summary>
    Duplex,
}
