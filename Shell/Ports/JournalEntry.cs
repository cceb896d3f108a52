namespace Nitro.Ports;

/// <summary>A record before it has a position. <c>AtMicros</c>: microseconds since 1970-01-01 UTC.</summary>
public readonly record struct JournalEntry(long AtMicros, string Type, int Version, ReadOnlyMemory<byte> Body);
