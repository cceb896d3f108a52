namespace Nitro.Ports;

/// <summary>
/// What needs signing goes here; the keys are behind it, in this process or elsewhere. Shaped like the stage:
/// requests are submitted with ids, answers come back in batches, silence is never an answer.
/// </summary>
public interface ISigner : IAsyncDisposable
{
    /// <summary>The channel key's address, 20 bytes.</summary>
    ReadOnlyMemory<byte> ChannelAddress { get; }

    /// <summary>
    /// Its signatures need no further check: they are made in this process, by the curve that would check them, with the key of
    /// <see cref="ChannelAddress"/>, or were recovered over what was asked before they came out of here. Of all other signers each
    /// signature is recovered before it counts.
    /// </summary>
    bool IsTrusted => false;

    /// <summary>Of a signer elsewhere: whether it is there, and what waits. Where none is attached, what needs a signature only waits.</summary>
    SignerHealth Health => new(1, 0, 0, 0, 0);

    /// <summary>Takes requests over. Idempotent by content: the same thing wanted gives the same answer.</summary>
    ValueTask SubmitAsync(IReadOnlyList<SignRequest> requests, CancellationToken cancellationToken);

    /// <summary>Answers as they come, until cancelled. A batch is handed over as one.</summary>
    IAsyncEnumerable<IReadOnlyList<SignAnswer>> AnswersAsync(CancellationToken cancellationToken);
}

/// <summary>A typed request.</summary>
/// <param name="EffectId">Names it across restarts.</param>
/// <param name="Lane">Order is kept within it.</param>
/// <param name="Items">Of Request.V1, structures and never a hash: evidence for the signer to judge by, and last what is wanted.</param>
/// <param name="Digest">The 32 bytes that the signature must be over.</param>
public sealed record SignRequest(long EffectId, string Lane, IReadOnlyList<ReadOnlyMemory<byte>> Items, ReadOnlyMemory<byte> Digest)
{
    /// <summary>The signed calls that caused it, as they stood when it was first asked for.</summary>
    public IReadOnlyList<CallContext> Contexts { get; init; } = [];
}

/// <summary>A final answer: a 65-byte signature r, s, v, or else a refusal's tag.</summary>
public sealed record SignAnswer(long EffectId, ReadOnlyMemory<byte> Signature, string? RefusedTag)
{
    /// <summary>Where it refuses a second state of a turn: what was signed in its place, if that is known.</summary>
    public ReadOnlyMemory<byte> Instead { get; init; }
}
