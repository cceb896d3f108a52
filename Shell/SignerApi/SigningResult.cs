namespace Nitro.SignerApi;

/// <summary>What a signer says to one item: a signature of 65 bytes, or else a refusal's tag.</summary>
/// <param name="Signature">Empty where refused.</param>
/// <param name="RefusedTag">Null where signed.</param>
/// <param name="IsTemporary">The signer may say yes later.</param>
internal readonly record struct SigningResult(ReadOnlyMemory<byte> Signature, string? RefusedTag, bool IsTemporary)
{
    /// <summary>Where it refuses a second state of a turn: what was signed in its place, if that is known.</summary>
    internal ReadOnlyMemory<byte> Instead { get; init; }
}
