namespace Nitro.FakeEventStore;

/// <summary>How the database decides about a write. <c>Last</c>: of the write's events, or else the stream's, which is there or not.</summary>
internal readonly record struct Verdict(VerdictKind Kind, long Last, ulong Position);

/// <summary>The decisions.</summary>
internal enum VerdictKind
{
    /// <summary>The events are in the stream, by this write or by the same one before.</summary>
    Written,

    /// <summary>The stream is elsewhere.</summary>
    WrongVersion,

    /// <summary>The stream was deleted for ever.</summary>
    Tombstoned,
}
