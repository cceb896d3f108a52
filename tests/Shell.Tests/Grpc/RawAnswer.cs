using System.Net;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>What a server answered, without a gRPC client's view of it. The status is that of headers or trailers.</summary>
internal sealed record RawAnswer(HttpStatusCode Http, string? GrpcStatus, string? GrpcMessage, bool IsTrailersOnly, byte[] Body);
