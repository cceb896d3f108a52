namespace Nitro.Libp2p.Link;

/// <summary>Makes our address record. The keys may live elsewhere, so it is a request.</summary>
public interface IRecordSigner
{
    /// <summary>The record's JSON, signed by identity and channel key, with this timestamp (seconds since 1970).</summary>
    ValueTask<byte[]> MakeRecordAsync(long timestamp, CancellationToken cancellationToken);
}
