namespace Nitro.Ports;

/// <summary>What a caller put into params.signed: the envelope that a device signed, and its signature (P-256, 64 bytes r, s). Nothing of it is checked yet.</summary>
public sealed record CallSignature(ReadOnlyMemory<byte> Envelope, ReadOnlyMemory<byte> Signature);
