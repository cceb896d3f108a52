using System.Text.Json;
using Nitro.Storage;

namespace Nitro.SignerApi;

/// <summary>The transport keys of the signers that an operator has paired with a node: who comes over TCP must hold one of them.</summary>
public sealed class PairedSigners
{
    private readonly string _listPath;
    private readonly string _ticketPath;
    private readonly Lock _gate = new();
    private IReadOnlySet<string> _fingerprints;

    private PairedSigners(string listPath, string ticketPath, IReadOnlySet<string> fingerprints) =>
        (_listPath, _ticketPath, _fingerprints) = (listPath, ticketPath, fingerprints);

    /// <summary>How many there are.</summary>
    public int Count => _fingerprints.Count;

    /// <summary>Reads the list.</summary>
    /// <param name="listPath">JSON, an array of fingerprints; absent: nobody is paired.</param>
    /// <param name="ticketPath">The open pairing, if there is one.</param>
    /// <exception cref="StorageException">The list cannot be read: it is not guessed who is paired.</exception>
    public static PairedSigners Load(string listPath, string ticketPath)
    {
        try
        {
            var list = OwnedFile.TryRead(listPath) is { } bytes ? JsonSerializer.Deserialize<string[]>(bytes) : [];
            return new PairedSigners(listPath, ticketPath, (list ?? []).ToHashSet(StringComparer.Ordinal));
        }
        catch (JsonException e)
        {
            throw new StorageException($"The list of paired signers {listPath} is damaged: {e.Message} Delete it and pair them again.", e);
        }
    }

    /// <summary>Whether the holder of this key may attach.</summary>
    public bool Contains(string fingerprint) => _fingerprints.Contains(fingerprint);

    /// <summary>Adds the key, if the token is that of the open pairing. Durable when it returns.</summary>
    /// <exception cref="StorageException">The list cannot be written; nobody was paired.</exception>
    public bool TryPair(string token, string fingerprint)
    {
        lock (_gate)
        {
            if (!PairingTicket.TryUse(_ticketPath, token))
            {
                return false;
            }

            var more = _fingerprints.Append(fingerprint).ToHashSet(StringComparer.Ordinal);
            OwnedFile.Write("The list of paired signers", _listPath, JsonSerializer.SerializeToUtf8Bytes(more.Order(StringComparer.Ordinal)));
            _fingerprints = more;
            return true;
        }
    }
}
