using System.Security.Cryptography;
using Nitro.Signing;
using Nitro.Storage;

namespace Nitro.Signer.Keys;

/// <summary>The private keys of a signer at work, cleared when it ends.</summary>
internal sealed class SignerKeys : IDisposable
{
    private SignerKeys(byte[] channel, byte[] chain) => (Channel, Chain) = (channel, chain);

    /// <summary>Signs states and vouchers.</summary>
    public byte[] Channel { get; }

    /// <summary>Signs transactions.</summary>
    public byte[] Chain { get; }

    /// <summary>Whether a key comes from the encrypted ones.</summary>
    public static bool NeedPassphrase(SignerOptions options) => options.ChannelKeyFile is null || options.ChainKeyFile is null;

    /// <summary>Refuses what no passphrase could mend, before anybody is asked for one.</summary>
    /// <exception cref="SignerSetupException">There are no encrypted keys; the message says how to get them.</exception>
    public static void Check(SignerOptions options)
    {
        if (!NeedPassphrase(options) || Keystore.Exists(options.KeysFolder))
        {
            return;
        }

        var plain = PlainKeys.In(options.DataDirectory);
        throw new SignerSetupException(plain.Count > 0
            ? $"{plain[0]} holds a key that nothing encrypts. Run 'nitro-signer keys encrypt --data-directory {options.DataDirectory}' once: the same keys go on, "
              + "behind a passphrase."
            : $"There are no keys in {options.KeysFolder}. Run 'nitro-signer keys new --data-directory {options.DataDirectory}' (or 'keys restore' with the words).");
    }

    /// <exception cref="KeyFileException">A file cannot be used, or the passphrase is wrong.</exception>
    /// <exception cref="StorageException">A file cannot be read.</exception>
    public static SignerKeys Open(SignerOptions options, ReadOnlyMemory<byte> passphrase)
    {
        using var secret = new Web3Secret(passphrase);
        var channel = Of(options.ChannelKeyFile, KeyRole.Channel);
        try
        {
            return new SignerKeys(channel, Of(options.ChainKeyFile, KeyRole.Chain));
        }
        catch
        {
            CryptographicOperations.ZeroMemory(channel);
            throw;
        }

        byte[] Of(string? plain, KeyRole role) => plain is null ? Keystore.Open(options.KeysFolder, role, secret) : KeyFile.LoadOrCreate(plain);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(Channel);
        CryptographicOperations.ZeroMemory(Chain);
    }
}
