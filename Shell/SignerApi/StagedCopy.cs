namespace Nitro.SignerApi;

/// <summary>The newest copy of a request that one attached signer was given.</summary>
internal sealed class StagedCopy(ulong delivery, int items, TimeSpan given)
{
    /// <summary>Its number; an answer to an older one cannot refuse.</summary>
    public ulong Delivery => delivery;

    /// <summary>When, by the stage's own clock.</summary>
    public TimeSpan Given => given;

    /// <summary>What it refused for good, by item.</summary>
    public string?[] Refused { get; } = new string?[items];

    /// <summary>It is given again already.</summary>
    public bool IsRetried { get; set; }

    /// <summary>The signer has said all that it will say of it.</summary>
    public bool IsAnswered => Array.TrueForAll(Refused, tag => tag is not null);
}
