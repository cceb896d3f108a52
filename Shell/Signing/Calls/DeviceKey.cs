using System.Security.Cryptography;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Signing.Calls;

/// <summary>A device's own key, in a file that only its owner can read. What it signs, it did ask for.</summary>
public sealed class DeviceKey : IDisposable
{
    private const int NonceBytes = 16;
    private readonly ECDsa _key;

    private DeviceKey(ECDsa key)
    {
        _key = key;
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        PublicKey = [4, .. point.X!, .. point.Y!];
    }

    /// <summary>65 bytes.</summary>
    public byte[] PublicKey { get; }

    /// <summary>Reads the key, or makes one where there is none.</summary>
    /// <exception cref="StorageException">The file cannot be used; the message never shows the key.</exception>
    public static DeviceKey LoadOrCreate(string path)
    {
        var text = SecretFile.LoadOrCreate("The device key", path, "take the device out of devices.json at node and signer, and make another key.", Fresh);
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(Convert.FromBase64String(text), out _);
            return key.KeySize == 256 ? new DeviceKey(key) : throw new CryptographicException("not P-256");
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            key.Dispose();
            throw new StorageException($"The device key {path} is damaged, or another file. Check the path; or delete it, make a new one and enrol that.", e);
        }
    }

    /// <summary>Signs one call to one node, good once and from now on.</summary>
    /// <param name="node">The node's channel address, 20 bytes.</param>
    /// <param name="method">As it is sent.</param>
    /// <param name="payload">params.payload, byte for byte as it is sent; empty where there is none.</param>
    /// <param name="time">The device's clock.</param>
    public CallSignature Sign(ReadOnlyMemory<byte> node, string method, ReadOnlySpan<byte> payload, DateTimeOffset time)
    {
        var envelope = SignedCall.Encode(
            node, method, SHA256.HashData(payload), time.ToUnixTimeMilliseconds(), RandomNumberGenerator.GetBytes(NonceBytes), DeviceSignature.CredentialOf(PublicKey));
        return new CallSignature(envelope, _key.SignData(envelope.Span, HashAlgorithmName.SHA256));
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static string Fresh()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }
}
