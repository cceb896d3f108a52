using System.Security.Cryptography;
using System.Text;
using Nitro.Storage;

namespace Nitro.Signer.Keys;

/// <summary>Where the passphrase of the keys comes from: a file, else the environment, else whoever sits at the terminal.</summary>
internal static class Passphrase
{
    /// <summary>Read once, and taken out of this process's environment.</summary>
    public const string Variable = "NITRO_SIGNER_PASSPHRASE";

    private const int Shortest = 8;

    /// <summary>The passphrase of keys that are there. The caller clears it.</summary>
    /// <exception cref="SignerSetupException">There is none to be had.</exception>
    /// <exception cref="StorageException">The file cannot be used.</exception>
    public static async Task<byte[]> ObtainAsync(string? file, CancellationToken cancellationToken) =>
        Given(file) ?? await AskAsync("Passphrase of the signer's keys: ", cancellationToken);

    /// <summary>The passphrase of keys to be made: typed twice where it is typed. The caller clears it.</summary>
    /// <exception cref="SignerSetupException">There is none to be had, or it is too short, or the second is not the first.</exception>
    /// <exception cref="StorageException">The file cannot be used.</exception>
    public static async Task<byte[]> ObtainNewAsync(string? file, CancellationToken cancellationToken)
    {
        var given = Given(file);
        var chosen = given ?? await AskAsync("New passphrase for the signer's keys: ", cancellationToken);
        if (chosen.Length < Shortest)
        {
            throw new SignerSetupException($"The passphrase has {chosen.Length} bytes. Choose one of at least {Shortest}; several words are best.");
        }

        if (given is null)
        {
            var again = await AskAsync("The same once more: ", cancellationToken);
            var isSame = CryptographicOperations.FixedTimeEquals(chosen, again);
            CryptographicOperations.ZeroMemory(again);
            if (!isSame)
            {
                throw new SignerSetupException("The two passphrases differ. Nothing was made; start again.");
            }
        }

        return chosen;
    }

    private static byte[]? Given(string? file)
    {
        if (file is not null)
        {
            var bytes = SecretFile.Read("The passphrase file", file, "choose another passphrase.");
            var line = bytes.AsSpan().TrimEnd("\r\n"u8).ToArray();
            CryptographicOperations.ZeroMemory(bytes);
            return line.Length > 0 ? line : throw new SignerSetupException($"The passphrase file {file} is empty. Put the passphrase in its first line.");
        }

        var text = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, null);
        return string.IsNullOrEmpty(text) ? null : Encoding.UTF8.GetBytes(text);
    }

    private static async Task<byte[]> AskAsync(string question, CancellationToken cancellationToken)
    {
        using var terminal = Terminal.TryOpen() ?? throw new SignerSetupException(
            $"The keys are encrypted, and nobody is there to type their passphrase. Give --passphrase-file FILE, or set {Variable}.");
        return await terminal.AskHiddenAsync(question, cancellationToken);
    }
}
