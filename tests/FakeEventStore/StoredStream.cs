namespace Nitro.FakeEventStore;

/// <summary>A stream: its events from the first to the last ever written, those hidden by a deletion too.</summary>
internal sealed class StoredStream
{
    internal List<StoredEvent> Events { get; } = [];

    /// <summary>The first revision that readers see.</summary>
    internal long First { get; set; }

    /// <summary>It was deleted and not written to since.</summary>
    internal bool IsDeleted { get; set; }

    /// <summary>It was deleted for ever.</summary>
    internal bool IsTombstoned { get; set; }

    /// <summary>-1: none.</summary>
    internal long Last => Events.Count - 1;
}
