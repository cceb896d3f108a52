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

    /// <summary>Those of one cause, as many together as one request may have items, in order.</summary>
    public static IReadOnlyList<IReadOnlyList<SigningJob>> Together(IReadOnlyList<SigningJob> jobs)
    {
        var parts = new List<List<SigningJob>>();
        var items = 0;
        foreach (var job in jobs)
        {
            if (parts.Count == 0 || items + job.Items.Count > SignerApiTerms.MostItems || !job.Contexts.SequenceEqual(parts[^1][0].Contexts))
            {
                parts.Add([]);
                items = 0;
            }

            parts[^1].Add(job);
            items += job.Items.Count;
        }

        return parts;
    }
}
