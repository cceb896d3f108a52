namespace Nitro.Ports;

/// <summary>A call that a device signed and the node has verified: whoever has to sign because of it is shown it, and verifies it again.</summary>
/// <param name="Method">The API's method.</param>
/// <param name="Payload">The bytes of params.payload as they were sent.</param>
/// <param name="Signed">The envelope and its signature.</param>
/// <param name="PublicKey">The device's, 65 bytes.</param>
/// <param name="Time">Of the envelope, milliseconds since 1970.</param>
public sealed record CallContext(string Method, ReadOnlyMemory<byte> Payload, CallSignature Signed, ReadOnlyMemory<byte> PublicKey, long Time);
