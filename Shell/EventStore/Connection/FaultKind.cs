namespace Nitro.EventStore.Connection;

/// <summary>What to do about a call that failed.</summary>
internal enum FaultKind
{
    /// <summary>Ask the leader; this server did nothing.</summary>
    NotLeader,

    /// <summary>Ask again; whether it was done is not known.</summary>
    Passing,

    /// <summary>Asking again changes nothing.</summary>
    Final,
}
