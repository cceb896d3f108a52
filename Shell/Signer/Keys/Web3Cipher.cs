namespace Nitro.Signer.Keys;

/// <summary>The part of a version 3 file that is encrypted, and how.</summary>
internal sealed record Web3Cipher(string Cipher, string CipherText, Web3CipherParameters CipherParams, string Kdf, Web3KdfParameters KdfParams, string Mac);
