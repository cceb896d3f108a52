using System.Security.Cryptography;
using System.Text;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Host.Loop;

/// <summary>
/// A snapshot's bytes: <c>nitro-snapshot/1</c>, the shape, owner, place in the journal, count, then each record (type, version, length, body),
/// and SHA-256 of all that. The file is whole or absent: it is written beside the old one and renamed.
/// </summary>
internal static class SnapshotFile
{
    private const string Magic = "nitro-snapshot/1";

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
                writer.Write(snapshot.Records.Count);
                foreach (var record in snapshot.Records)
                {
                    writer.Write(record.Type);
                    writer.Write(record.Version);
                    writer.Write(record.Body.Length);
                    writer.Write(record.Body.Span);
                }
            }

            file.Write(hash.Hash);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
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
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        if (!IsWhole(file))
        {
            reason = "it is damaged";
            return null;
        }

        file.Position = 0;
        using var reader = new BinaryReader(file, Encoding.UTF8);
        if (reader.ReadString() != Magic || !reader.ReadBytes(Snapshot.Shape.Length).AsSpan().SequenceEqual(Snapshot.Shape))
        {
            reason = "another version of the node wrote it";
            return null;
        }

        var named = reader.ReadString();
        var snapshot = new Snapshot(
            named, reader.ReadInt64(), reader.ReadInt64(), reader.ReadBytes(SHA256.HashSizeInBytes), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64(), []);
        var records = new JournalEntry[reader.ReadInt32()];
        for (var i = 0; i < records.Length; i++)
        {
            records[i] = new JournalEntry(snapshot.LastMicros, reader.ReadString(), reader.ReadInt32(), reader.ReadBytes(reader.ReadInt32()));
        }

        reason = named == owner ? "" : $"it is of {named}";
        return named == owner ? snapshot with { Records = records } : null;
    }

    private static bool IsWhole(FileStream file)
    {
        var left = file.Length - SHA256.HashSizeInBytes;
        if (left < 0)
        {
            return false;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        while (left > 0)
        {
            var read = file.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (read == 0)
            {
                return false;
            }

            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        var stored = new byte[SHA256.HashSizeInBytes];
        file.ReadExactly(stored);
        return stored.AsSpan().SequenceEqual(hash.GetHashAndReset());
    }
}
