namespace Nitro.EventStore.Connection;

/// <summary>Which member of a cluster a client wants to talk to.</summary>
public enum NodePreference
{
    /// <summary>The one that writes.</summary>
    Leader,

    /// <summary>One that copies the leader.</summary>
    Follower,

    /// <summary>One that copies and never leads.</summary>
    ReadOnlyReplica,

    /// <summary>Any.</summary>
    Random,
}
