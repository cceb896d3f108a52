namespace Nitro.Signer.Keys;

/// <summary>Of AES-128-CTR: the first counter block, 32 hexadecimal digits.</summary>
internal sealed record Web3CipherParameters(string Iv);
