namespace Nitro.EventStore.Streams;

/// <summary>What fits one append of a server with default settings (1 MiB), in bytes as <see cref="ProposedEvent.Size"/> counts them.</summary>
internal static class AppendSize
{
    /// <summary>Events of one append together.</summary>
    internal const int Append = 1024 * 1024;

    /// <summary>One event; it must still fit when more is said beside it.</summary>
    internal const int Event = Append - 1024;

    /// <summary>The part of a longer whole.</summary>
    internal const int Part = 768 * 1024;
}
