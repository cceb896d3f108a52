namespace Nitro.FakeEventStore;

/// <summary>What goes wrong with a call.</summary>
public enum Fault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>All connections of the server are reset, without an answer.</summary>
    Cut,

    /// <summary>No answer at all, until the client gives up.</summary>
    Silence,

    /// <summary>It goes on once <see cref="FakeCluster.Held"/> has completed.</summary>
    Held,

    /// <summary>UNAVAILABLE, as from a server that starts or has no leader.</summary>
    NotReady,

    /// <summary>ABORTED, as when a write was not finished in time: whether it was made is not known.</summary>
    TimedOut,

    /// <summary>UNKNOWN, as when the server's own code failed.</summary>
    Thrown,
}
