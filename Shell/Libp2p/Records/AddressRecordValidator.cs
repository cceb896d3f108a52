using System.Security.Cryptography;
using System.Text;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Kademlia;
using Nitro.Secp256k1;

namespace Nitro.Libp2p.Records;

/// <summary>
/// Lets a record in only if the address's own key signed it. go-nitro does not check that, so anybody can plant a record
/// there for anybody's address; such a record ends here.
/// </summary>
public sealed class AddressRecordValidator : IRecordValidator
{
    private static readonly TimeSpan MaxAhead = TimeSpan.FromMinutes(10);

    // Half the group's order: the larger s of two that fit is refused, as go-ethereum does.
    private static readonly byte[] HalfOrder = Convert.FromHexString("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

    /// <inheritdoc/>
    public string Namespace => AddressRecord.Namespace;

    /// <inheritdoc/>
    public bool IsValid(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, DateTimeOffset now) =>
        AddressRecord.TryParse(value, out var record) && IsValid(key, record, now);

    /// <inheritdoc/>
    public int Select(IReadOnlyList<ReadOnlyMemory<byte>> values)
    {
        var (best, newest) = (-1, 0L);
        for (var i = 0; i < values.Count; i++)
        {
            if (!AddressRecord.TryParse(values[i].Span, out var record))
            {
                return -1;
            }

            if (best < 0 || record.Timestamp > newest)
            {
                (best, newest) = (i, record.Timestamp);
            }
        }

        return best;
    }

    private static bool IsValid(ReadOnlySpan<byte> key, AddressRecord record, DateTimeOffset now)
    {
        Span<byte> address = stackalloc byte[20];
        Span<byte> signer = stackalloc byte[20];
        Span<byte> digest = stackalloc byte[32];
        if (!EthereumAddress.TryParse(record.Address, address)
            || !key.SequenceEqual(Encoding.ASCII.GetBytes(AddressRecord.KeyOf(EthereumAddress.ToText(address))))
            || record.Timestamp < 0 || record.Timestamp > (now + MaxAhead).ToUnixTimeSeconds()
            || !PeerId.TryParse(record.PeerId.AsSpan(), out var peer) || !peer.TryGetPublicKey(out var identity))
        {
            return false;
        }

        var signed = AddressRecord.SignedBytes(record.Address, record.PeerId, record.Timestamp);
        SHA256.HashData(signed, digest);
        var signature = record.AddressSignature;
        return signature.Length == 65 && signature[64] <= 1 && signature.AsSpan(32, 32).SequenceCompareTo(HalfOrder) <= 0
            && Curve.Default.TryRecoverAddress(digest, signature, signer) && signer.SequenceEqual(address)
            && identity.Verify(signed, record.PeerIdSignature);
    }
}
