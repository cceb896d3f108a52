namespace Nitro.Ports;

/// <summary>Counts since the journal was opened. <c>Commits</c> equals the number of fsyncs on the embedded store.</summary>
public readonly record struct JournalStatistics(long Records, long Appends, long Commits, long Bytes);
