using System.Security.Cryptography;
using Nitro.Signing;

namespace Nitro.Signer.Keys;

/// <summary><c>nitro-signer keys</c>: makes keys, restores them from their words, encrypts those of before, tells their addresses.</summary>
internal sealed class KeysCommand
{
    /// <summary>What <c>keys --help</c> prints.</summary>
    public const string Usage =
        """
        nitro-signer keys new              make keys; prints 24 words once, from which they can be made again: write them down
        nitro-signer keys restore          make the keys again from their words, which are read from standard input
        nitro-signer keys encrypt          put channel.key and chain.key of an earlier version behind a passphrase, and delete them
        nitro-signer keys show-addresses   the addresses, without asking for the passphrase

          --data-directory FOLDER          the signer's folder (./signer); the keys are in 'keys' in it
          --passphrase-file FILE           holds the passphrase; else NITRO_SIGNER_PASSPHRASE, else it is asked for
          --light-kdf                      a passphrase is cheap to try: for tests, or for a long random one
        """;

    private static readonly KeyRole[] Roles = Enum.GetValues<KeyRole>();
    private readonly string _verb;
    private readonly SignerOptions _options;
    private readonly bool _isLight;

    private KeysCommand(string verb, SignerOptions options, bool isLight) => (_verb, _options, _isLight) = (verb, options, isLight);

    /// <summary>What follows <c>keys</c>.</summary>
    /// <exception cref="SignerSetupException">It is not understood.</exception>
    public static KeysCommand Parse(IReadOnlyList<string> args)
    {
        if (args is [.., "--help" or "-h"])
        {
            return new KeysCommand("--help", new SignerOptions(), false);
        }

        if (args.Count == 0 || args[0] is not ("new" or "restore" or "encrypt" or "show-addresses"))
        {
            throw new SignerSetupException("'keys' takes new, restore, encrypt or show-addresses: 'nitro-signer keys --help' tells more.");
        }

        var (options, isLight) = (new SignerOptions(), false);
        for (var i = 1; i < args.Count; i++)
        {
            switch (args[i])
            {
                case "--light-kdf":
                    isLight = true;
                    break;
                case "--data-directory" when i + 1 < args.Count:
                    options = options with { DataDirectory = args[++i] };
                    break;
                case "--passphrase-file" when i + 1 < args.Count:
                    options = options with { PassphraseFile = args[++i] };
                    break;
                default:
                    throw new SignerSetupException($"'{args[i]}' is no flag of 'keys', or lacks its value: 'nitro-signer keys --help' lists them.");
            }
        }

        return new KeysCommand(args[0], options, isLight);
    }

    /// <exception cref="SignerSetupException">It cannot be done; so are <see cref="KeyFileException"/> and <see cref="Nitro.Storage.StorageException"/>.</exception>
    public Task RunAsync(Stream input, TextWriter output, CancellationToken cancellationToken) => _verb switch
    {
        "new" => NewAsync(output, cancellationToken),
        "restore" => RestoreAsync(input, output, cancellationToken),
        "encrypt" => EncryptAsync(output, cancellationToken),
        "show-addresses" => ShowAsync(output),
        _ => output.WriteLineAsync(Usage),
    };

    private async Task NewAsync(TextWriter output, CancellationToken cancellationToken)
    {
        Refuse();
        var words = Mnemonic.Fresh();
        try
        {
            var passphrase = await Passphrase.ObtainNewAsync(_options.PassphraseFile, cancellationToken);

            // Shown before the keys exist: keys whose words nobody saw could not be restored.
            await output.WriteLineAsync("Write these words down, in order, on paper. They are the keys, whoever has them, and are not shown again:");
            await output.WriteLineAsync();
            await output.WriteLineAsync(Array.ConvertAll(words, letter => (char)letter));
            await output.WriteLineAsync();
            await output.FlushAsync(cancellationToken);
            SealWords(words, passphrase);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(words);
        }

        await ShowAsync(output);
    }

    private async Task RestoreAsync(Stream input, TextWriter output, CancellationToken cancellationToken)
    {
        Refuse();
        var typed = await Task.Run(() => Terminal.ReadLine(input), CancellationToken.None).WaitAsync(cancellationToken);
        var words = Mnemonic.Read(typed);
        CryptographicOperations.ZeroMemory(typed);
        try
        {
            SealWords(words, await Passphrase.ObtainNewAsync(_options.PassphraseFile, cancellationToken));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(words);
        }

        await ShowAsync(output);
    }

    private async Task EncryptAsync(TextWriter output, CancellationToken cancellationToken)
    {
        Keystore.Refuse(_options.KeysFolder);
        var plain = PlainKeys.In(_options.DataDirectory);
        if (plain.Count < 2)
        {
            throw new SignerSetupException($"{_options.DataDirectory} does not have both channel.key and chain.key: there is nothing to encrypt. Check --data-directory.");
        }

        var keys = new Dictionary<KeyRole, byte[]>
        {
            [KeyRole.Channel] = KeyFile.LoadOrCreate(PlainKeys.PathOf(_options.DataDirectory, KeyRole.Channel)),
            [KeyRole.Chain] = KeyFile.LoadOrCreate(PlainKeys.PathOf(_options.DataDirectory, KeyRole.Chain)),
        };
        Seal(keys, await Passphrase.ObtainNewAsync(_options.PassphraseFile, cancellationToken));
        foreach (var path in plain)
        {
            File.Delete(path);
        }

        await output.WriteLineAsync(
            "The keys are behind the passphrase now, and the plain files are deleted (a disk may keep what was deleted). No words make them again: back up the folder.");
        await ShowAsync(output);
    }

    private async Task ShowAsync(TextWriter output)
    {
        if (!Keystore.Exists(_options.KeysFolder))
        {
            throw new SignerSetupException($"There are no keys in {_options.KeysFolder}. Run 'nitro-signer keys new' first, or check --data-directory.");
        }

        foreach (var role in Roles)
        {
            var name = role == KeyRole.Channel ? "channel address" : "chain account";
            await output.WriteLineAsync($"{name,-18}{Keystore.AddressOf(_options.KeysFolder, role)}");
        }
    }

    private void Refuse()
    {
        Keystore.Refuse(_options.KeysFolder);
        if (PlainKeys.In(_options.DataDirectory) is [var plain, ..])
        {
            throw new SignerSetupException($"{plain} holds a key already. Run 'nitro-signer keys encrypt' to keep it, or move it away.");
        }
    }

    private void SealWords(byte[] words, byte[] passphrase)
    {
        var seed = Mnemonic.Seed(words);
        try
        {
            Seal(Roles.ToDictionary(role => role, role => HdKey.Derive(seed, HdKey.PathOf(role))), passphrase);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>Clears the keys and the passphrase, whatever becomes of them.</summary>
    private void Seal(Dictionary<KeyRole, byte[]> keys, byte[] passphrase)
    {
        using var secret = _isLight ? new Web3Secret(passphrase) { Cost = (1 << 12, 6) } : new Web3Secret(passphrase);
        try
        {
            Keystore.Create(_options.KeysFolder, secret, keys);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(passphrase);
            foreach (var key in keys.Values)
            {
                CryptographicOperations.ZeroMemory(key);
            }
        }
    }
}
