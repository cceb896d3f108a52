namespace Nitro.Ports;

/// <summary>The store cannot say what happened, or can no longer be used. The message names cause and next step.</summary>
public sealed class JournalException(JournalFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the last append may or may not have been written.</summary>
    public JournalFailure Failure { get; } = failure;
}

/// <summary>How a journal fails.</summary>
public enum JournalFailure
{
    /// <summary>The append may or may not be there: read again before anything else.</summary>
    Unknown,

    /// <summary>The store is unusable as it stands (damaged, locked by another process, wrong owner).</summary>
    Permanent,
}
