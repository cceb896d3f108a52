namespace Nitro.Ports;

/// <summary>A stored record. <c>AtMicros</c>: microseconds since 1970-01-01 UTC.</summary>
public readonly record struct JournalRecord(long Position, long AtMicros, string Type, int Version, ReadOnlyMemory<byte> Body);
