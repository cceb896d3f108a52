namespace Nitro.Grpc.Wire;

/// <summary>How messages may be compressed by the other side.</summary>
internal static class Encodings
{
    public const string Identity = "identity";
    public const string Gzip = "gzip";

    /// <summary>The value of <c>grpc-accept-encoding</c>.</summary>
    public const string Accepted = "identity,gzip";

    /// <summary>An absent header means identity.</summary>
    public static bool IsKnown(string? encoding) => encoding is null or Identity or Gzip;
}
