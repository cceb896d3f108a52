using Nitro.Ports;
using Nitro.SignerProtocol;

namespace Nitro.SignerApi;

/// <summary>One thing to be signed.</summary>
/// <param name="Items">Of Request.V1: evidence, and last what is wanted.</param>
/// <param name="Digest">The 32 bytes that the signature must be over.</param>
/// <param name="Signer">The address that must recover from it, 20 bytes.</param>
/// <param name="Done">Told once, in the order of the lane: 65 bytes, or the tag of a refusal.</param>
internal sealed record SigningJob(
    IReadOnlyList<ReadOnlyMemory<byte>> Items, ReadOnlyMemory<byte> Digest, ReadOnlyMemory<byte> Signer, Action<SigningResult> Done)
{
    /// <summary>The signed calls that caused it.</summary>
    public IReadOnlyList<CallContext> Contexts { get; init; } = [];

    /// <summary>Evidence that does not fit beside the rest: as much as one request may have each, to be sent before it.</summary>
    public IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> Preliminaries { get; private init; } = [];

    /// <summary>Those of one cause, as many together as one request may have items and bytes, in order.</summary>
    public static IReadOnlyList<IReadOnlyList<SigningJob>> Together(IReadOnlyList<SigningJob> jobs)
    {
        var parts = new List<List<SigningJob>>();
        var room = default(Room);
        foreach (var job in jobs.Select(Fitting))
        {
            if (parts.Count == 0 || job.Preliminaries.Count > 0 || !job.Contexts.SequenceEqual(parts[^1][0].Contexts) || !room.TryTake(job.Items))
            {
                parts.Add([]);
                room = new Room();
                room.TryTake(job.Items);
            }

            parts[^1].Add(job);
        }

        return parts;
    }

    /// <summary>With what does not fit split off.</summary>
    private static SigningJob Fitting(SigningJob job)
    {
        if (new Room().TryTake(job.Items))
        {
            return job;
        }

        var parts = new List<List<ReadOnlyMemory<byte>>> { new() };
        var room = new Room();
        foreach (var item in job.Items)
        {
            if (!room.TryTake([item]) && parts[^1].Count > 0)
            {
                parts.Add([]);
                room = new Room();
                room.TryTake([item]);
            }

            parts[^1].Add(item);
        }

        return job with { Items = parts[^1], Preliminaries = parts[..^1] };
    }

    /// <summary>What one request still has room for.</summary>
    private struct Room()
    {
        private int items = SignerApiTerms.MostItems;
        private long bytes = SignerApiTerms.MostItemBytes;

        /// <summary>False, and nothing taken, where they do not fit.</summary>
        public bool TryTake(IReadOnlyList<ReadOnlyMemory<byte>> more)
        {
            var size = more.Sum(item => (long)item.Length);
            if (more.Count > items || size > bytes)
            {
                return false;
            }

            items -= more.Count;
            bytes -= size;
            return true;
        }
    }
}
