using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Nitro.Signing;

/// <summary>
/// How far a signer's memory had come when it last let a signature go: version and root. Two slots are written in turn, so that one of
/// them is whole whatever the power does. Kept elsewhere than the memory, it tells an older copy of that from the newest.
/// </summary>
internal sealed class Anchor : IDisposable
{
    private const int SlotBytes = 100;
    private const int HashedBytes = SlotBytes - SHA256.HashSizeInBytes;
    // A disk writes whole sectors: what breaks one slot must not reach the other.
    private const int Distance = 4096;
    private static ReadOnlySpan<byte> Magic => "NITRO-A1"u8;

    private readonly SafeFileHandle file;
    private readonly byte[] owner;
    private int next;

    private Anchor(SafeFileHandle file, byte[] owner) => (this.file, this.owner) = (file, owner);

    /// <summary>Of the memory that was last anchored; 0 before the first.</summary>
    internal ulong Version { get; private set; }

    /// <summary>32 bytes.</summary>
    internal byte[] Root { get; private set; } = new byte[32];

    /// <param name="path">The file; made, with its folder, when absent.</param>
    /// <param name="owner">The channel key's address, 20 bytes.</param>
    /// <exception cref="MarksException">Not an anchor, another key's, or damaged in both its slots.</exception>
    internal static Anchor Open(string path, byte[] owner)
    {
        SafeFileHandle? file = null;
        try
        {
            var full = Path.GetFullPath(path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            file = File.OpenHandle(full, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var anchor = new Anchor(file, owner);
            anchor.Read(full);
            return anchor;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new MarksException(
                $"The signer's anchor {path} cannot be used: {e.Message} Nothing is signed without it. Make it readable and writable for the signer.", e);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>Durable on return: only then may what this memory signed leave.</summary>
    /// <exception cref="IOException">It is unknown what stands there: one of the slots is the one before.</exception>
    internal void Advance(ulong version, ReadOnlySpan<byte> root)
    {
        Span<byte> slot = stackalloc byte[SlotBytes];
        Magic.CopyTo(slot);
        BinaryPrimitives.WriteUInt64BigEndian(slot[8..], version);
        root.CopyTo(slot[16..]);
        owner.CopyTo(slot[48..]);
        SHA256.HashData(slot[..HashedBytes], slot[HashedBytes..]);
        RandomAccess.Write(file, slot, next * Distance);
        RandomAccess.FlushToDisk(file);
        (Version, Root, next) = (version, root.ToArray(), 1 - next);
    }

    public void Dispose() => file.Dispose();

    private void Read(string path)
    {
        var isFound = false;
        for (var place = 0; place < 2; place++)
        {
            var slot = new byte[SlotBytes];
            if (RandomAccess.Read(file, slot, place * Distance) < SlotBytes || !IsWhole(slot))
            {
                continue;
            }

            if (!slot.AsSpan(48, 20).SequenceEqual(owner))
            {
                throw new MarksException(
                    $"The signer's anchor {path} belongs to the key 0x{Convert.ToHexStringLower(slot.AsSpan(48, 20))}, this one's is "
                    + $"0x{Convert.ToHexStringLower(owner)}. Nothing is signed. Check the channel key and the anchor's path.");
            }

            var version = BinaryPrimitives.ReadUInt64BigEndian(slot.AsSpan(8));
            if (!isFound || version > Version)
            {
                (Version, Root, next) = (version, slot[16..48], 1 - place);
            }

            isFound = true;
        }

        if (!isFound && RandomAccess.GetLength(file) > 0)
        {
            throw new MarksException(
                $"The signer's anchor {path} is damaged, or is no anchor. Nothing is signed: whether the memory is the newest can not be told. "
                + "If you know that it is, remove this file, and a new anchor is made.");
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> slot) =>
        slot.StartsWith(Magic) && SHA256.HashData(slot[..HashedBytes]).AsSpan().SequenceEqual(slot[HashedBytes..]);
}
