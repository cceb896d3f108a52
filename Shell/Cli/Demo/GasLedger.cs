using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;

namespace Nitro.Cli.Demo;

/// <summary>Reads from the chain's own blocks what each account paid for gas.</summary>
internal static class GasLedger
{
    /// <summary>Every transaction of these accounts in the blocks from <paramref name="from"/> to the newest. Keys: lower-case addresses.</summary>
    public static async Task<IReadOnlyDictionary<string, Spending>> ReadAsync(
        EthereumNode node, long from, IEnumerable<ReadOnlyMemory<byte>> accounts, CancellationToken cancellationToken)
    {
        var spent = accounts.ToDictionary(account => Hex.Bytes(account.Span), _ => Spending.None);
        var last = await node.LatestHeightAsync(cancellationToken);
        for (var height = from; height <= last; height++)
        {
            var block = await node.Rpc.CallAsync("eth_getBlockByNumber", Block(height), cancellationToken);
            foreach (var transaction in block.GetProperty("transactions").EnumerateArray())
            {
                var sender = Text(transaction, "from");
                if (spent.TryGetValue(sender, out var before))
                {
                    spent[sender] = await WithAsync(node, before, Text(transaction, "hash"), cancellationToken);
                }
            }
        }

        return spent;
    }

    private static Action<Utf8JsonWriter> Block(long height) => json =>
    {
        json.WriteStringValue("0x" + height.ToString("x", CultureInfo.InvariantCulture));
        json.WriteBooleanValue(true);
    };

    private static async Task<Spending> WithAsync(EthereumNode node, Spending before, string hash, CancellationToken cancellationToken)
    {
        var receipt = await node.Rpc.CallAsync("eth_getTransactionReceipt", json => json.WriteStringValue(hash), cancellationToken);
        return before.With(Number(receipt, "status").IsOne, Number(receipt, "gasUsed"), Number(receipt, "effectiveGasPrice"));
    }

    private static string Text(JsonElement item, string name) => (item.GetProperty(name).GetString() ?? string.Empty).ToLowerInvariant();

    private static BigInteger Number(JsonElement item, string name) =>
        Amounts.TryHex(item.GetProperty(name).GetString(), out var number) ? number : throw new CliError($"The chain's receipt has no {name}.");
}
