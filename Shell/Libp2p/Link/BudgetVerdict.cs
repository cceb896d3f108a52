namespace Nitro.Libp2p.Link;

/// <summary>How a peer stands with its budget.</summary>
internal enum BudgetVerdict
{
    /// <summary>Within it.</summary>
    Fine,

    /// <summary>Over it: what it sends now is not taken, and it may send it again.</summary>
    Slow,

    /// <summary>Far over it: its connection ends.</summary>
    Cut,
}
