namespace Nitro.Signing;

/// <summary>What became of one request at the desk: a signature, a refusal's tag, or nothing to sign.</summary>
/// <param name="Signature">65 bytes r, s, v; empty where there is none.</param>
/// <param name="Tag">Why there is none; null where there is one, and where none was wanted.</param>
/// <param name="IsTemporary">It may be asked again later.</param>
internal readonly record struct DeskAnswer(ReadOnlyMemory<byte> Signature, string? Tag, bool IsTemporary)
{
    /// <summary>Where it refuses a second state of a turn: what was signed in its place, if that is known.</summary>
    internal ReadOnlyMemory<byte> Instead { get; init; }
}
