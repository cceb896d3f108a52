namespace Nitro.Host;

/// <summary>Bounds of one tenant's waiting rooms.</summary>
public sealed record TenantLimits
{
    /// <summary>API calls and peers' frames that may wait for the turn; more are told to come again.</summary>
    public int Mailbox { get; init; } = 4096;

    /// <summary>Of these, frames of one peer.</summary>
    public int FramesPerPeer { get; init; } = 64;

    /// <summary>Events stepped and made durable together.</summary>
    public int Turn { get; init; } = 64;

    /// <summary>Notifications that may wait for one subscriber, over which it is ended.</summary>
    public int Notifications { get; init; } = 1000;

    /// <summary>How long an API call waits for its answer. The work goes on afterwards.</summary>
    public TimeSpan CallTime { get; init; } = TimeSpan.FromSeconds(60);
}
