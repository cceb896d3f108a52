using System.Numerics;

namespace Nitro.Ethereum.Transactions;

/// <summary>One signed transaction for one step of a call, as stored before it is broadcast.</summary>
internal sealed class Attempt
{
    public required long Id { get; init; }

    public required int Step { get; init; }

    public required ulong Nonce { get; init; }

    /// <summary>maxPriorityFeePerGas and maxFeePerGas, wei.</summary>
    public required BigInteger Tip { get; init; }

    public required BigInteger Fee { get; init; }

    public required ulong Gas { get; init; }

    public required byte[] Hash { get; init; }

    public required byte[] Raw { get; init; }

    /// <summary>The newest block when it was signed: a bump is due so many blocks later.</summary>
    public required long Height { get; init; }

    /// <summary>Its nonce went to another transaction. It is still watched: a re-org may bring it back.</summary>
    public bool Lost { get; set; }

    /// <summary>When this process broadcast it last (a Stopwatch timestamp), and at what height; null before the first time.</summary>
    public (long At, long Height)? Broadcast { get; set; }

    /// <summary>Whether the health's counts have it; a re-org does not take it out again.</summary>
    public bool Counted { get; set; }
}
