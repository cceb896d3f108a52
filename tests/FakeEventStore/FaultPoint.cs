namespace Nitro.FakeEventStore;

/// <summary>Where in a call something may go wrong.</summary>
public enum FaultPoint
{
    /// <summary>An append is there, and not written yet.</summary>
    BeforeAppend,

    /// <summary>An append is durable, and not answered yet.</summary>
    AfterAppend,

    /// <summary>A read begins.</summary>
    BeforeRead,

    /// <summary>A read has sent some of its events.</summary>
    WithinRead,
}
