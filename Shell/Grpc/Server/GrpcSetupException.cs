namespace Nitro.Grpc;

/// <summary>The server cannot start as it is configured; the message says what to change.</summary>
public sealed class GrpcSetupException(string message, Exception? inner = null) : Exception(message, inner);
