using System.Security.Cryptography;
using System.Text;
using Nitro.Storage;

namespace Nitro.Host.Loop;

/// <summary>
/// A snapshot's bytes: <c>nitro-snapshot/2</c>, the shape, owner, place in the journal, count, then each piece (length, bytes), and SHA-256 of all that. The file is whole or absent: it is written beside the old one and renamed.
/// </summary>
internal static class SnapshotFile
{
    private const string Magic = "nitro-snapshot/2";

    /// <summary>Durable on return.</summary>
    /// <exception cref="IOException">It cannot be written; the old one is as it was.</exception>
    internal static void Write(string path, Snapshot snapshot)
    {
        var draft = path + ".new";
        using (var file = OwnerOnly.ReplaceFile(draft))
        {
            using var hash = SHA256.Create();
            using (var hashing = new CryptoStream(file, hash, CryptoStreamMode.Write, leaveOpen: true))
            using (var buffered = new BufferedStream(hashing, 1 << 16))
            using (var writer = new BinaryWriter(buffered, Encoding.UTF8, leaveOpen: true))
            {
                writer.Write(Magic);
                writer.Write(Snapshot.Shape);
                writer.Write(snapshot.Owner);
                writer.Write(snapshot.Position);
                writer.Write(snapshot.LastMicros);
                writer.Write(snapshot.LastDigest);
                writer.Write(snapshot.Epoch);
                writer.Write(snapshot.EpochStart);
                writer.Write(snapshot.EpochRestated);
                writer.Write(snapshot.SeenHeight);
                writer.Write(snapshot.Pieces.Count);
                foreach (var piece in snapshot.Pieces)
                {
                    writer.Write(piece.Length);
                    writer.Write(piece.Span);
                }
            }

            file.Write(hash.Hash);
            file.Flush(flushToDisk: true);
        }

        DurableMove.Move(draft, path, overwrite: true);
    }

    /// <summary>The snapshot, or why there is none that this program can use.</summary>
    internal static Snapshot? TryRead(string path, string owner, out string reason)
    {
        try
        {
            return Read(path, owner, out reason);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or FormatException)
        {
            reason = e is FileNotFoundException or DirectoryNotFoundException ? "there is none" : $"it cannot be read ({e.Message})";
            return null;
        }
    }

    private static Snapshot? Read(string path, string owner, out string reason)
    {
        var bytes = File.ReadAllBytes(path);
        var length = bytes.Length - SHA256.HashSizeInBytes;
        if (length < 0 || !SHA256.HashData(bytes.AsSpan(0, length)).AsSpan().SequenceEqual(bytes.AsSpan(length)))
        {
            reason = "it is damaged";
            return null;
        }

        using var content = new MemoryStream(bytes, 0, length, writable: false);
        using var reader = new BinaryReader(content, Encoding.UTF8);
        if (reader.ReadString() != Magic || !reader.ReadBytes(Snapshot.Shape.Length).AsSpan().SequenceEqual(Snapshot.Shape))
        {
            reason = "another version of the node wrote it";
            return null;
        }

        var snapshot = new Snapshot(
            reader.ReadString(),
            reader.ReadInt64(),
            reader.ReadInt64(),
            reader.ReadBytes(SHA256.HashSizeInBytes),
            reader.ReadInt32(),
            reader.ReadInt64(),
            reader.ReadInt64(),
            reader.ReadInt64(),
            []);
        // Whoever can compute the hash can also claim any sizes.
        var pieces = new List<ReadOnlyMemory<byte>>();
        var count = reader.ReadInt32();
        for (var i = 0; i < count; i++)
        {
            var size = reader.ReadInt32();
            if (size < 0 || size > length - content.Position)
            {
                reason = "it is damaged";
                return null;
            }

            pieces.Add(bytes.AsMemory((int)content.Position, size));
            content.Position += size;
        }

        if (content.Position != length)
        {
            reason = "it is damaged";
            return null;
        }

        reason = snapshot.Owner == owner ? "" : $"it is of {snapshot.Owner}";
        return snapshot.Owner == owner ? snapshot with { Pieces = pieces } : null;
    }
}
