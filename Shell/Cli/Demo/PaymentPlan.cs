using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Nitro.Cli.Demo;

/// <summary>The payments to be made: each has an amount of its own and a request id of its own, so that a lost one cannot hide behind a doubled one.</summary>
internal sealed class PaymentPlan(int count, string run)
{
    private static readonly BigInteger Least = 10_000 * Amounts.Gwei;

    /// <summary>How many.</summary>
    public int Count { get; } = count;

    /// <summary>All of them together, in wei.</summary>
    public BigInteger Sum { get; } = (count * Least) + (new BigInteger(count) * (count - 1) / 2 * Amounts.Gwei);

    /// <summary>What number <paramref name="index"/> pays, in wei.</summary>
    public static BigInteger Amount(int index) => Least + (index * Amounts.Gwei);

    /// <summary>The id it is asked under, the first time and every time again.</summary>
    public string RequestId(int index) => string.Create(CultureInfo.InvariantCulture, $"demo-{run}-{index:D7}");

    /// <summary>Asks the payer's node for one payment; the answer's JSON.</summary>
    public async Task<string> PayAsync(Party payer, string channel, int index, CancellationToken cancellationToken)
    {
        var answer = await payer.CallAsync("pay", json => Write(json, channel, Amount(index)), RequestId(index), cancellationToken);
        return answer.GetRawText();
    }

    /// <summary>The payload of a payment.</summary>
    public static void Write(Utf8JsonWriter json, string channel, BigInteger amount)
    {
        Rpc.Payload.WriteAmount(json, "Amount", amount);
        json.WriteString("Channel", channel);
    }
}
