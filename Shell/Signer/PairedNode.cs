namespace Nitro.Signer;

/// <summary>A node over TCP, and the transport key that it must show.</summary>
/// <param name="Address"><c>https://host:port</c>.</param>
/// <param name="Fingerprint">Pinned at the pairing: SHA-256 of the public key, 64 hexadecimal digits.</param>
public sealed record PairedNode(string Address, string Fingerprint);
