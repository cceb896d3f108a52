namespace Nitro.Libp2p.Kademlia;

/// <summary>A record as it is kept.</summary>
internal sealed record StoredRecord(byte[] Value, DateTimeOffset Received);
