using System.Numerics;

namespace Nitro.Ethereum.Transactions;

/// <summary>The two amounts of an EIP-1559 transaction, wei per gas, and how they are chosen within the caps.</summary>
internal readonly record struct Fees(BigInteger Tip, BigInteger Max)
{
    /// <summary>Tip as the node suggests, and room for the base fee to double.</summary>
    public static Fees Suggest(EthereumOptions options, BigInteger baseFee, BigInteger suggestedTip)
    {
        var tip = BigInteger.Min(suggestedTip, options.MaxPriorityFeePerGas);
        var max = BigInteger.Min((2 * baseFee) + tip, options.MaxFeePerGas);
        return new Fees(BigInteger.Min(tip, max), max);
    }

    /// <summary>
    /// Fees to replace a transaction with: both at least 12.5 % higher (nodes ask for 10), or null where the cap leaves no room for that.
    /// </summary>
    public Fees? Bump(EthereumOptions options, Fees suggested)
    {
        var max = BigInteger.Max(Higher(Max), suggested.Max);
        var tip = BigInteger.Max(Higher(Tip), suggested.Tip);
        return max <= options.MaxFeePerGas ? new Fees(BigInteger.Min(tip, max), max) : null;
    }

    private static BigInteger Higher(BigInteger fee) => fee + (fee / 8) + 1;
}
