namespace Nitro.Journal;

/// <summary>What a journal file says of itself at its beginning.</summary>
/// <param name="Owner">Whose journal it is.</param>
/// <param name="First">Its first record's position.</param>
/// <param name="Epoch">Where the epoch in force began; below <paramref name="First"/> or above the records where it is not in the file.</param>
/// <param name="Next">The position after its last record.</param>
public sealed record JournalFileHead(string Owner, long First, long Epoch, long Next);
