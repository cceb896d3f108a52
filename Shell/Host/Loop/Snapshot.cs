using System.Security.Cryptography;
using System.Text;
using Nitro.Ports;
using Nitro.Signing;

namespace Nitro.Host.Loop;

/// <summary>A tenant's state as its core packs it, and where in its journal it stands. A cache: whatever does not fit is thrown away.</summary>
/// <param name="Owner">The channel address.</param>
/// <param name="Position">The position of the first record that is not in it; above 0.</param>
/// <param name="LastMicros">The time of the record before that.</param>
/// <param name="LastDigest">SHA-256 of that record: a snapshot of another history is none.</param>
/// <param name="Epoch">The number of the epoch it stands in.</param>
/// <param name="EpochStart">The position at which that begins.</param>
/// <param name="EpochRestated">The position after its opening.</param>
/// <param name="SeenHeight">The newest block from which an observation is stored.</param>
/// <param name="Pieces">Of the node's image.</param>
internal sealed record Snapshot(
    string Owner,
    long Position,
    long LastMicros,
    byte[] LastDigest,
    int Epoch,
    long EpochStart,
    long EpochRestated,
    long SeenHeight,
    IReadOnlyList<ReadOnlyMemory<byte>> Pieces)
{
    /// <summary>Of the code that makes and reads the state: another program folds the journal itself. 32 bytes.</summary>
    internal static byte[] Shape { get; } = SHA256.HashData(
        [.. typeof(NodeHandle).Module.ModuleVersionId.ToByteArray(), .. typeof(SigningItem).Module.ModuleVersionId.ToByteArray()]);

    /// <summary>The node that it holds, so that what follows can be folded over it; null, with the reason, where that cannot be read. The pieces are read side by side.</summary>
    internal (NodeReplay? Node, string Reason) Restore(NodeSettings settings, CancellationToken cancellationToken)
    {
        var read = new NodePiece?[Pieces.Count];
        var reasons = new string[Pieces.Count];
        Parallel.For(0, Pieces.Count, new ParallelOptions { CancellationToken = cancellationToken }, i => NodeImage.TryRead(Pieces[i], out read[i], out reasons[i]));
        return Array.Find(reasons, reason => reason.Length > 0) is { } wrong
            ? (null, wrong)
            : (NodeImage.Assemble(settings, [.. read.OfType<NodePiece>()], Position, SeenHeight, Epoch, EpochStart, EpochRestated), "");
    }

    /// <summary>What stands for a record in <see cref="LastDigest"/>.</summary>
    internal static byte[] DigestOf(JournalRecord record)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(record.Position));
        hash.AppendData(BitConverter.GetBytes(record.AtMicros));
        hash.AppendData(BitConverter.GetBytes(record.Version));
        hash.AppendData(Encoding.UTF8.GetBytes(record.Type));
        hash.AppendData([0]);
        hash.AppendData(record.Body.Span);
        return hash.GetHashAndReset();
    }
}
