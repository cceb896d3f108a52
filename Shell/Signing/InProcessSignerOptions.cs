namespace Nitro.Signing;

/// <summary>Where the memory of an in-process signer lives, its rules and its limits.</summary>
public sealed record InProcessSignerOptions
{
    /// <summary>The database of its memory (<c>marks.db</c>); made, with its folder, when absent. It must outlive the journal.</summary>
    public required string MarksPath { get; init; }

    /// <summary>The chain account's key, 32 bytes, copied; null: it signs no transactions.</summary>
    public ReadOnlyMemory<byte>? ChainKey { get; init; }

    /// <summary>The owner's rules.</summary>
    public SignerPolicy Policy { get; init; } = SignerPolicy.Open;

    /// <summary>Its clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Requests decided together, and so sharing one fsync.</summary>
    public int LargestBatch { get; init; } = 1024;

    /// <summary>Requests that may wait; further submitters wait for room.</summary>
    public int MostWaiting { get; init; } = 65_536;

    /// <summary>A batch of this size or more is signed on two threads.</summary>
    public int ParallelFrom { get; init; } = 16;

    /// <summary>How long to wait before trying again what could not be stored, and what the policy does not allow yet.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The size in bytes beyond which the file may not grow, as if the disk were full; 0 for none.</summary>
    public long MaximumBytes { get; init; }

    /// <summary>Told when the memory cannot be stored, in words for the operator.</summary>
    public Action<string>? Complain { get; init; }
}
