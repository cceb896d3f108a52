namespace Nitro.EventStore.Streams;

/// <summary>Whether the events are in the stream; and the revision of the last of them, or else of the stream (-1: it is not there).</summary>
internal readonly record struct AppendReply(bool IsWritten, long Last);
