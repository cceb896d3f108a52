namespace Nitro.Signing;

/// <summary>What keeps a signer's memory the newest and the only one: an anchor beside it, and the number of whoever may change it.</summary>
/// <param name="Anchor">Follows the memory, and is never ahead of it.</param>
/// <param name="AnchorPath">For messages.</param>
/// <param name="Token">The lease's: the memory takes no change under a smaller one.</param>
internal sealed record MemoryGuard(Anchor Anchor, string AnchorPath, ulong Token) : IDisposable
{
    /// <exception cref="MarksException">The memory is older than its anchor, or another one.</exception>
    internal void Check(SignerMemory memory, string path)
    {
        if (memory.Version < Anchor.Version)
        {
            throw new MarksException(
                $"The signer's memory {path} is older than its anchor {AnchorPath}: it knows {memory.Version} changes, and {Anchor.Version} were made. What was signed "
                + "since would be signed otherwise. Put the newest memory back; if it is lost, let the other sides close the channels of this key, and begin with a new one.");
        }

        if (memory.Version == Anchor.Version && !memory.Root.Span.SequenceEqual(Anchor.Root))
        {
            throw new MarksException(
                $"The signer's memory {path} has another history than its anchor {AnchorPath}, after {memory.Version} changes in both: two signers have used this key "
                + "apart from each other. Nothing is signed. Let the other sides close the channels of this key, and begin with a new one.");
        }
    }

    /// <summary>Durable on return.</summary>
    /// <exception cref="IOException">The anchor cannot be written; nothing that this memory signed may leave.</exception>
    internal void Follow(SignerMemory memory)
    {
        if (memory.Version > Anchor.Version)
        {
            Anchor.Advance(memory.Version, memory.Root.Span);
        }
    }

    public void Dispose() => Anchor.Dispose();
}
