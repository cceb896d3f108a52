using System.Numerics;

namespace Nitro.Cli.Demo;

/// <summary>What one account's transactions cost: how many, how many of them failed, gas units, and wei paid for the gas.</summary>
internal sealed record Spending(int Transactions, int Failed, BigInteger Gas, BigInteger Wei)
{
    /// <summary>Nothing yet.</summary>
    public static Spending None { get; } = new(0, 0, BigInteger.Zero, BigInteger.Zero);

    /// <summary>One transaction more.</summary>
    public Spending With(bool succeeded, BigInteger gas, BigInteger price) =>
        new(Transactions + 1, Failed + (succeeded ? 0 : 1), Gas + gas, Wei + (gas * price));
}
