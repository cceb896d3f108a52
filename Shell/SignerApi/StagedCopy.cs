namespace Nitro.SignerApi;

/// <summary>The newest copy of a request that one attached signer was given.</summary>
internal sealed class StagedCopy(ulong delivery, int items)
{
    /// <summary>Its number; an answer to an older one cannot refuse.</summary>
    public ulong Delivery => delivery;

    /// <summary>What it refused for good, by item.</summary>
    public string?[] Refused { get; } = new string?[items];

    /// <summary>It was given again already.</summary>
    public bool IsRetried { get; set; }
}
