using System.Security.Cryptography;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Records;
using Nitro.Secp256k1;

namespace Nitro.Libp2p.Tests.Kademlia;

/// <summary>Address records as a node makes them: one key for both signatures.</summary>
internal static class SignedRecords
{
    public static async Task<(string Key, byte[] Value)> MakeAsync(byte[] privateKey, long timestamp, string? address = null)
    {
        var identity = new Secp256k1Identity(privateKey);
        var own = new byte[20];
        Curve.Default.TryGetAddress(privateKey, own);
        var text = address ?? EthereumAddress.ToText(own);
        var peer = PeerId.Of(identity.PublicKey).ToString();
        var signed = AddressRecord.SignedBytes(text, peer, timestamp);
        var signature = new byte[65];
        Curve.Default.TrySign(SHA256.HashData(signed), privateKey, signature);
        signature[64] -= 27;
        var record = new AddressRecord(text, peer, timestamp, await identity.SignAsync(signed, CancellationToken.None), signature);
        return (AddressRecord.KeyOf(text), record.ToJson());
    }
}
