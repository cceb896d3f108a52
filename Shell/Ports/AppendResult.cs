namespace Nitro.Ports;

/// <summary>What became of an append, and the position after the last record of the journal.</summary>
public readonly record struct AppendResult(AppendOutcome Outcome, long Next);

/// <summary>The three definite answers of a journal.</summary>
public enum AppendOutcome
{
    /// <summary>All records are durable.</summary>
    Appended,

    /// <summary>The head is elsewhere: another writer lives. Nothing was written.</summary>
    Conflict,

    /// <summary>More than 512 records or 1 MiB. Nothing was written.</summary>
    TooLarge,
}
