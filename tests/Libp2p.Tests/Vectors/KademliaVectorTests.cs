using System.Text;
using Google.Protobuf;
using Nitro.Libp2p.Bytes;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Kademlia;
using Nitro.Libp2p.Protos;
using Nitro.Libp2p.Records;
using Nitro.Libp2p.Tests.Kademlia;
using Xunit;

namespace Nitro.Libp2p.Tests.Vectors;

public sealed class KademliaVectorTests
{
    // The newest record of the vectors was signed then.
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_005_000);

    private readonly AddressRecordValidator _validator = new();

    [Fact]
    public Task Vector_messages_are_read_and_written() => VectorFile.ForEachAsync("kad-messages", async vector =>
    {
        var stream = new ScriptedStream(vector.Bytes("framed"));
        var message = await KadWire.ReadAsync(stream, new KadOptions(), CancellationToken.None);
        Assert.Equal(vector.GetProperty("type").GetInt32(), (int)message!.Type);
        Assert.Equal(vector.TextOrNull("key") ?? "", Convert.ToHexStringLower(message.Key.Span));
        Assert.Equal(vector.Texts("closerPeers"), message.CloserPeers.Select(peer => Convert.ToHexStringLower(peer.ToByteArray())));
        Assert.Equal(vector.Text("message"), Convert.ToHexStringLower(message.ToByteArray()));
        if (message.ClusterLevelRaw == 1)
        {
            var written = new ScriptedStream([]);
            await KadWire.WriteAsync(written, message, CancellationToken.None);
            Assert.Equal(vector.Text("framed"), Convert.ToHexStringLower(written.Written));
        }
    });

    [Fact]
    public void Vector_peers_are_put_in_order_by_distance() => VectorFile.ForEach("kad-distance", vector =>
    {
        var target = KadId.Of(vector.Bytes("key"));
        var expected = vector.GetProperty("closestFirst").EnumerateArray().ToArray();
        var table = new RoutingTable(new KadOptions());
        foreach (var entry in expected.OrderBy(one => one.Text("peerId"), StringComparer.Ordinal))
        {
            var contact = new KadContact(PeerId.Parse(entry.Text("peerId")), []);
            var (high, low) = contact.Id.DistanceTo(target);
            Assert.Equal(entry.Text("distance"), $"{high:x32}{low:x32}");
            table.Add(contact);
        }

        Assert.Equal(expected.Select(one => one.Text("peerId")), table.Closest(target, 100).Select(contact => contact.Peer.ToString()));
    });

    [Fact]
    public Task Vector_address_records_are_made_and_judged() => VectorFile.ForEachAsync("scaddr-records", async vector =>
    {
        var (key, value) = (Encoding.ASCII.GetBytes(vector.Text("key")), vector.Bytes("value"));
        Assert.Equal(vector.Flag("acceptStrict"), _validator.IsValid(key, value, Now));
        if (vector.Has("privateKey"))
        {
            Assert.True(AddressRecord.TryParse(value, out var record));
            Assert.Equal(vector.Text("dataJson"), Encoding.UTF8.GetString(AddressRecord.SignedBytes(record.Address, record.PeerId, record.Timestamp)));
            var made = await SignedRecords.MakeAsync(vector.Bytes("privateKey"), record.Timestamp);
            Assert.Equal(vector.Text("key"), made.Key);
            Assert.Equal(vector.Text("value"), Convert.ToHexStringLower(made.Value));
        }
    });

    [Fact]
    public void Vector_the_newest_record_is_chosen() => VectorFile.ForEach("scaddr-select", vector =>
    {
        ReadOnlyMemory<byte>[] values = [.. vector.Texts("values").Select(Convert.FromHexString)];
        Assert.Equal(vector.GetProperty("best").GetInt32(), _validator.Select(values));
    });

    [Fact]
    public Task Vector_streams_carry_one_line() => VectorFile.ForEachAsync("nitro-streams", async vector =>
    {
        var bytes = vector.Bytes("bytes");
        var line = await Line.ReadAsync(new ScriptedStream(bytes, 7), 8 * 1024 * 1024, CancellationToken.None);
        Assert.Equal(vector.GetProperty("messages").GetInt32(), line is null ? 0 : 1);
        Assert.Equal(bytes[..Array.IndexOf(bytes, (byte)'\n')], line);
    });

    [Fact]
    public async Task A_record_for_somebody_elses_address_is_refused_although_go_would_take_it()
    {
        var thief = await SignedRecords.MakeAsync(Enumerable.Repeat((byte)7, 32).ToArray(), 1_700_000_000);
        var (_, victim) = (thief, "0xAAA6628Ec44A8a742987EF3A114dDFE2D4F7aDCE");
        var planted = await SignedRecords.MakeAsync(Enumerable.Repeat((byte)7, 32).ToArray(), 1_700_000_000, victim);

        Assert.True(_validator.IsValid(Encoding.ASCII.GetBytes(thief.Key), thief.Value, Now));
        Assert.False(_validator.IsValid(Encoding.ASCII.GetBytes(planted.Key), planted.Value, Now));
        Assert.False(_validator.IsValid(Encoding.ASCII.GetBytes(thief.Key.ToLowerInvariant()), thief.Value, Now));
        Assert.False(_validator.IsValid(Encoding.ASCII.GetBytes(thief.Key), thief.Value, Now - TimeSpan.FromHours(2)));
    }
}
