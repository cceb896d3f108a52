using Nitro.Ports;

namespace Nitro.SignerApi;

/// <summary>One thing to be signed.</summary>
/// <param name="Body">One item of Request.V1.</param>
/// <param name="Digest">The 32 bytes that the signature must be over.</param>
/// <param name="Signer">The address that must recover from it, 20 bytes.</param>
/// <param name="Done">Told once, in the order of the lane: 65 bytes, or the tag of a refusal.</param>
internal sealed record SigningJob(
    ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Digest, ReadOnlyMemory<byte> Signer, Action<SigningResult> Done)
{
    /// <summary>The signed calls that caused it.</summary>
    public IReadOnlyList<CallContext> Contexts { get; init; } = [];
}
