namespace Nitro.Grpc.Wire;

/// <summary>The content type of gRPC with protobuf messages.</summary>
internal static class ContentType
{
    public const string Grpc = "application/grpc";

    /// <summary><c>application/grpc</c> or <c>application/grpc+proto</c>, whatever parameters follow.</summary>
    public static bool IsGrpc(string? contentType)
    {
        ReadOnlySpan<char> type = contentType.AsSpan();
        int end = type.IndexOf(';');
        type = (end < 0 ? type : type[..end]).Trim();
        return type.Equals(Grpc, StringComparison.OrdinalIgnoreCase) || type.Equals("application/grpc+proto", StringComparison.OrdinalIgnoreCase);
    }
}
