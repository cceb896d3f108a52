namespace Nitro.Ports;

/// <summary>What became of an append, and the position after the last record of the journal.</summary>
public readonly record struct AppendResult(AppendOutcome Outcome, long Next);

/// <summary>The two definite answers of a journal.</summary>
public enum AppendOutcome
{
    /// <summary>All records are durable.</summary>
    Appended,

    /// <summary>The head is elsewhere: another writer lives. Nothing was written.</summary>
    Conflict,
}
