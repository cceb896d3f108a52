namespace Nitro.Grpc;

/// <summary>
/// One key with one value. <see cref="Key"/>: lower case; one that ends in <c>-bin</c> has bytes for a value. <see cref="Value"/>: printable
/// ASCII as it is on the wire, base64 where the value is bytes.
/// </summary>
public sealed record GrpcMetadataEntry
{
    private readonly byte[]? _bytes;

    internal GrpcMetadataEntry(string key, string value, byte[]? bytes) => (Key, Value, _bytes) = (key, value, bytes);

    /// <summary>The name.</summary>
    public string Key { get; }

    /// <summary>The value as text.</summary>
    public string Value { get; }

    /// <summary>The bytes of a binary value.</summary>
    /// <exception cref="InvalidOperationException">The key does not end in <c>-bin</c>.</exception>
    public ReadOnlyMemory<byte> Bytes => _bytes ?? throw new InvalidOperationException($"The metadata {Key} is text; a name that ends in -bin has bytes.");
}
