namespace Nitro.Host;

/// <summary>Where a tenant is in its life.</summary>
public enum TenantState
{
    /// <summary>Replayed, not started yet.</summary>
    Ready,

    /// <summary>At work.</summary>
    Running,

    /// <summary>Ended because it was told to.</summary>
    Stopped,

    /// <summary>Ended by itself: see <see cref="Tenant.Failure"/>. Others go on.</summary>
    Broken,
}
