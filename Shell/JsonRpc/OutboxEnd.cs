namespace Nitro.JsonRpc;

/// <summary>Why nothing more goes into an <see cref="Outbox"/>.</summary>
internal enum OutboxEnd
{
    /// <summary>The peer said all it had to say; what waits is still sent.</summary>
    PeerDone,

    /// <summary>The peer took too little for too long; what waits is dropped.</summary>
    TooSlow,

    /// <summary>The node ends its notifications or the server stops; what waits is dropped.</summary>
    Stopping,
}
