namespace Nitro.Journal;

/// <summary>Something told beside the records of a journal file, as in a support bundle. The content is JSON.</summary>
public sealed record JournalNote(string Name, ReadOnlyMemory<byte> Content);
