using System.Numerics;
using System.Text.Json;

namespace Nitro.Ethereum.Rpc;

/// <summary>
/// The methods of a node that this room uses, typed. Each throws <see cref="EthereumRpcException"/> and nothing else.
/// Block tags are a quantity, or <c>latest</c> and <c>pending</c>.
/// </summary>
public sealed class EthereumNode(EthereumRpc rpc)
{
    /// <summary>The client underneath.</summary>
    public EthereumRpc Rpc { get; } = rpc;

    /// <summary>eth_chainId.</summary>
    public async Task<ulong> ChainIdAsync(CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync("eth_chainId", null, cancellationToken).ConfigureAwait(false);
        return (ulong)json.Number(result);
    }

    /// <summary>eth_blockNumber: the height of the newest block.</summary>
    public async Task<long> LatestHeightAsync(CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync("eth_blockNumber", null, cancellationToken).ConfigureAwait(false);
        return json.Number(result);
    }

    /// <summary>eth_getBlockByNumber without transactions; null where the node has no such block.</summary>
    public async Task<BlockHeader?> HeaderAsync(long height, CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync(
            "eth_getBlockByNumber",
            writer =>
            {
                writer.WriteStringValue(Hex.Quantity((ulong)height));
                writer.WriteBooleanValue(false);
            },
            cancellationToken).ConfigureAwait(false);
        var header = json.Header(result);
        return header is null || header.Height == height ? header : throw json.Rubbish("another block than asked for");
    }

    /// <summary>eth_getLogs of one contract over a range, both ends included, in the node's order.</summary>
    public async Task<IReadOnlyList<EmittedLog>> LogsAsync(ReadOnlyMemory<byte> contract, long from, long to, CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync(
            "eth_getLogs",
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("address", Hex.Bytes(contract.Span));
                writer.WriteString("fromBlock", Hex.Quantity((ulong)from));
                writer.WriteString("toBlock", Hex.Quantity((ulong)to));
                writer.WriteEndObject();
            },
            cancellationToken).ConfigureAwait(false);
        return json.Logs(result);
    }

    /// <summary>eth_getCode at the newest block; empty where there is no contract.</summary>
    public async Task<ReadOnlyMemory<byte>> CodeAsync(ReadOnlyMemory<byte> address, CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync("eth_getCode", writer => WriteAddress(writer, address, "latest"), cancellationToken).ConfigureAwait(false);
        return json.Bytes(result);
    }

    /// <summary>eth_getTransactionCount: the nonce that the account's next transaction has, seen at that block.</summary>
    public async Task<ulong> NonceAsync(ReadOnlyMemory<byte> account, string block, CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync(
            "eth_getTransactionCount", writer => WriteAddress(writer, account, block), cancellationToken).ConfigureAwait(false);
        return (ulong)json.Number(result);
    }

    /// <summary>eth_getBalance in wei, at the newest block.</summary>
    public async Task<BigInteger> BalanceAsync(ReadOnlyMemory<byte> account, CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync("eth_getBalance", writer => WriteAddress(writer, account, "latest"), cancellationToken).ConfigureAwait(false);
        return json.Quantity(result);
    }

    /// <summary>eth_estimateGas on the state after that block. A revert is a <see cref="NodeErrorException"/>.</summary>
    public async Task<long> EstimateGasAsync(CallRequest call, string block, CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync("eth_estimateGas", writer => WriteCall(writer, call, block), cancellationToken).ConfigureAwait(false);
        return json.Number(result);
    }

    /// <summary>eth_call on the state after that block. A revert is a <see cref="NodeErrorException"/>.</summary>
    public async Task<ReadOnlyMemory<byte>> CallAsync(CallRequest call, string block, CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync("eth_call", writer => WriteCall(writer, call, block), cancellationToken).ConfigureAwait(false);
        return json.Bytes(result);
    }

    /// <summary>eth_call on the state after the canonical block with this hash (EIP-1898).</summary>
    public async Task<ReadOnlyMemory<byte>> CallAtHashAsync(CallRequest call, ReadOnlyMemory<byte> blockHash, CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync(
            "eth_call",
            writer =>
            {
                WriteCall(writer, call);
                writer.WriteStartObject();
                writer.WriteString("blockHash", Hex.Bytes(blockHash.Span));
                writer.WriteBoolean("requireCanonical", true);
                writer.WriteEndObject();
            },
            cancellationToken).ConfigureAwait(false);
        return json.Bytes(result);
    }

    /// <summary>The base fee of the next block in wei, from eth_feeHistory.</summary>
    public async Task<BigInteger> NextBaseFeeAsync(CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync(
            "eth_feeHistory",
            writer =>
            {
                writer.WriteStringValue("0x1");
                writer.WriteStringValue("latest");
                writer.WriteStartArray();
                writer.WriteEndArray();
            },
            cancellationToken).ConfigureAwait(false);
        var fees = json.Field(result, "baseFeePerGas");
        return fees.ValueKind == JsonValueKind.Array && fees.GetArrayLength() > 0
            ? json.Quantity(fees[fees.GetArrayLength() - 1])
            : throw json.Rubbish("no base fee");
    }

    /// <summary>eth_maxPriorityFeePerGas: the tip that the node suggests, in wei.</summary>
    public async Task<BigInteger> SuggestedTipAsync(CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync("eth_maxPriorityFeePerGas", null, cancellationToken).ConfigureAwait(false);
        return json.Quantity(result);
    }

    /// <summary>eth_sendRawTransaction; returns the hash.</summary>
    public async Task<ReadOnlyMemory<byte>> SendRawAsync(ReadOnlyMemory<byte> raw, CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync(
            "eth_sendRawTransaction", writer => writer.WriteStringValue(Hex.Bytes(raw.Span)), cancellationToken).ConfigureAwait(false);
        return json.Bytes(result, 32);
    }

    /// <summary>eth_getTransactionReceipt; null while it is not mined or not known.</summary>
    public async Task<TransactionReceipt?> ReceiptAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken)
    {
        var (json, result) = await CallAsync(
            "eth_getTransactionReceipt", writer => writer.WriteStringValue(Hex.Bytes(hash.Span)), cancellationToken).ConfigureAwait(false);
        return json.Receipt(result);
    }

    /// <summary>eth_subscribe to new heads and to the contract's logs on the present connection.</summary>
    public async Task SubscribeAsync(ReadOnlyMemory<byte> contract, CancellationToken cancellationToken)
    {
        await CallAsync("eth_subscribe", writer => writer.WriteStringValue("newHeads"), cancellationToken).ConfigureAwait(false);
        await CallAsync(
            "eth_subscribe",
            writer =>
            {
                writer.WriteStringValue("logs");
                writer.WriteStartObject();
                writer.WriteString("address", Hex.Bytes(contract.Span));
                writer.WriteEndObject();
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static void WriteAddress(Utf8JsonWriter writer, ReadOnlyMemory<byte> address, string block)
    {
        writer.WriteStringValue(Hex.Bytes(address.Span));
        writer.WriteStringValue(block);
    }

    private static void WriteCall(Utf8JsonWriter writer, CallRequest call, string block)
    {
        WriteCall(writer, call);
        writer.WriteStringValue(block);
    }

    private static void WriteCall(Utf8JsonWriter writer, CallRequest call)
    {
        writer.WriteStartObject();
        if (call.From is { } from)
        {
            writer.WriteString("from", Hex.Bytes(from.Span));
        }

        if (call.To is { } to)
        {
            writer.WriteString("to", Hex.Bytes(to.Span));
        }

        if (!call.Value.IsZero)
        {
            writer.WriteString("value", Hex.Quantity(call.Value));
        }

        writer.WriteString("data", Hex.Bytes(call.Data.Span));
        writer.WriteEndObject();
    }

    private async Task<(NodeJson Json, JsonElement Result)> CallAsync(
        string method, Action<Utf8JsonWriter>? parameters, CancellationToken cancellationToken)
    {
        var result = await Rpc.CallAsync(method, parameters, cancellationToken).ConfigureAwait(false);
        return (new NodeJson(Rpc.Transport.Endpoint, method), result);
    }
}
