using System.Security.Cryptography;
using Nitro.Secp256k1;
using Nitro.Signing;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace Nitro.Signer.Keys;

/// <summary>
/// Encrypts and decrypts private keys by Web3 secret storage, version 3: scrypt, AES-128-CTR, keccak-256. Keys that are sealed by one
/// instance share a salt, so that the slow part is done once for all of them; each has a counter block of its own.
/// </summary>
internal sealed class Web3Secret(ReadOnlyMemory<byte> passphrase) : IDisposable
{
    private const int DerivedBytes = 32;
    private const int CipherKeyBytes = 16;
    private const long MostMemory = 1L << 30;
    private const int MostRounds = 100_000_000;
    private const int MostParallel = 64;

    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(DerivedBytes);
    private (Web3KdfParameters Of, byte[] Key)? _derived;

    /// <summary>What it costs to try a passphrase: memory 128 n r bytes.</summary>
    public (int N, int P) Cost { private get; init; } = (1 << 17, 1);

    /// <summary>The file for a key.</summary>
    public Web3File Seal(ReadOnlySpan<byte> key)
    {
        var address = new byte[20];
        if (!Curve.Default.TryGetAddress(key, address))
        {
            throw new KeyFileException("These 32 bytes are no secp256k1 key.");
        }

        var parameters = new Web3KdfParameters(DerivedBytes, Convert.ToHexStringLower(_salt), Cost.N, R: 8, Cost.P);
        var derived = Derive("scrypt", parameters, "");
        var iv = RandomNumberGenerator.GetBytes(16);
        var text = Crypt(derived, iv, key.ToArray());
        return new Web3File(
            new Web3Cipher(
                "aes-128-ctr", Convert.ToHexStringLower(text), new Web3CipherParameters(Convert.ToHexStringLower(iv)), "scrypt", parameters, Mac(derived, text)),
            Version: 3,
            Guid.NewGuid().ToString(),
            Convert.ToHexStringLower(address));
    }

    /// <summary>The key's 32 bytes; the caller clears them.</summary>
    /// <exception cref="KeyFileException">Wrong passphrase, or damaged: the message says which.</exception>
    public byte[] Open(Web3File file, string path)
    {
        var crypto = file.Crypto;
        var (iv, text) = (Bytes(crypto.CipherParams.Iv, path), Bytes(crypto.CipherText, path));
        if (crypto.Cipher != "aes-128-ctr" || iv.Length != 16 || text.Length != KeyFile.KeyBytes)
        {
            throw Web3File.Damaged(path, "its key is not 32 bytes under aes-128-ctr");
        }

        var derived = Derive(crypto.Kdf, crypto.KdfParams, path);
        if (!CryptographicOperations.FixedTimeEquals(Bytes(Mac(derived, text), path), Bytes(crypto.Mac, path)))
        {
            throw new KeyFileException(
                file.Checksum is null
                    ? $"The passphrase does not open the key file {path}: it is wrong, or the file is damaged (it has no checksum that would tell)."
                    : $"Wrong passphrase: it does not open the key file {path}. The file itself is whole. Try again, or restore the keys from the words.");
        }

        var key = Crypt(derived, iv, text);
        Span<byte> address = stackalloc byte[20];
        if (!Curve.Default.TryGetAddress(key, address) || (file.Address is { } stated && !IsAddress(stated, address)))
        {
            CryptographicOperations.ZeroMemory(key);
            throw Web3File.Damaged(path, "the key in it is not the one of its address");
        }

        return key;
    }

    /// <summary>Forgets what was derived; the passphrase is its owner's to clear.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_derived?.Key);
        _derived = null;
    }

    private static bool IsAddress(string text, ReadOnlySpan<byte> address) =>
        text.Replace("0x", "", StringComparison.Ordinal).Equals(Convert.ToHexStringLower(address), StringComparison.OrdinalIgnoreCase);

    private static string Mac(byte[] derived, byte[] text)
    {
        Span<byte> hash = stackalloc byte[32];
        Keccak256.Hash([.. derived.AsSpan(CipherKeyBytes, CipherKeyBytes), .. text], hash);
        return Convert.ToHexStringLower(hash);
    }

    private static byte[] Crypt(byte[] derived, byte[] iv, byte[] input)
    {
        var cipher = new BufferedBlockCipher(new SicBlockCipher(new AesEngine()));
        cipher.Init(true, new ParametersWithIV(new KeyParameter(derived, 0, CipherKeyBytes), iv));
        return cipher.DoFinal(input);
    }

    private static byte[] Bytes(string hex, string path)
    {
        try
        {
            return Convert.FromHexString(hex);
        }
        catch (FormatException e)
        {
            throw Web3File.Damaged(path, "a field is not hexadecimal", e);
        }
    }

    /// <summary>32 bytes, kept for the next key with the same salt and cost.</summary>
    private byte[] Derive(string function, Web3KdfParameters parameters, string path)
    {
        if (_derived is { } before && before.Of == parameters)
        {
            return before.Key;
        }

        // A file from elsewhere may ask for any cost; none of these is enough to bring the machine down.
        var (salt, n, r, p) = (Bytes(parameters.Salt, path), parameters.N, parameters.R, parameters.P);
        var isSane = parameters.DkLen == DerivedBytes && function switch
        {
            "scrypt" => n > 1 && (n & (n - 1)) == 0 && r is > 0 and <= 64 && p is > 0 and <= MostParallel && 128L * n * r <= MostMemory
                && (r > 1 || n < 1 << 16), // RFC 7914
            "pbkdf2" => parameters.C is > 0 and <= MostRounds && parameters.Prf == "hmac-sha256",
            _ => false,
        };
        if (!isSane)
        {
            throw Web3File.Damaged(path, $"'{function}' with these parameters is not what RFC 7914 allows and a signer can afford");
        }

        Dispose();
        var key = function == "scrypt"
            ? Scrypt(salt, n, r, p)
            : Rfc2898DeriveBytes.Pbkdf2(passphrase.Span, salt, parameters.C, HashAlgorithmName.SHA256, DerivedBytes);
        _derived = (parameters, key);
        return key;
    }

    private byte[] Scrypt(byte[] salt, int n, int r, int p)
    {
        var copy = passphrase.ToArray();
        try
        {
            return SCrypt.Generate(copy, salt, n, r, p, DerivedBytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }
}
