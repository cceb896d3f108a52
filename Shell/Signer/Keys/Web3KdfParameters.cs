namespace Nitro.Signer.Keys;

/// <summary>Of scrypt (N, R, P), or of PBKDF2 (C, Prf). Salt is hexadecimal.</summary>
internal sealed record Web3KdfParameters(int DkLen, string Salt, int N = 0, int R = 0, int P = 0, int C = 0, string? Prf = null);
