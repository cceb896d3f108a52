using System.Numerics;
using System.Text.Json;
using Nitro.Ports;

namespace Nitro.Ethereum.Rpc;

/// <summary>Reads the node's answers. Anything unexpected is an <see cref="EndpointException"/> of kind rubbish, never another exception.</summary>
internal sealed class NodeJson(string endpoint, string method)
{
    private const int MostTopics = 4;

    public EndpointException Rubbish(string what) => RpcText.Rubbish(endpoint, method, what);

    public BigInteger Quantity(JsonElement element) =>
        Hex.TryQuantity(Text(element), out var value) ? value : throw Rubbish("no quantity");

    public long Number(JsonElement element)
    {
        var value = Quantity(element);
        return value <= long.MaxValue ? (long)value : throw Rubbish("a quantity that is too large");
    }

    public byte[] Bytes(JsonElement element, int? length = null) =>
        Hex.TryBytes(Text(element), out var bytes) && (length is null || bytes.Length == length)
            ? bytes
            : throw Rubbish("no bytes of the right length");

    public JsonElement Field(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var field) ? field : throw Rubbish($"an answer without {name}");

    public BlockHeader? Header(JsonElement block)
    {
        // A pending block has no hash: as good as none.
        if (block.ValueKind == JsonValueKind.Null || Field(block, "hash").ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return new BlockHeader(
            Number(Field(block, "number")),
            Bytes(Field(block, "hash"), 32),
            Bytes(Field(block, "parentHash"), 32),
            Number(Field(block, "timestamp")));
    }

    public TransactionReceipt? Receipt(JsonElement receipt)
    {
        if (receipt.ValueKind == JsonValueKind.Null || Field(receipt, "blockHash").ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var hasContract = receipt.TryGetProperty("contractAddress", out var contract) && contract.ValueKind == JsonValueKind.String;
        return new TransactionReceipt(
            Quantity(Field(receipt, "status")) == 1,
            Number(Field(receipt, "blockNumber")),
            Bytes(Field(receipt, "blockHash"), 32),
            Number(Field(receipt, "gasUsed")),
            hasContract ? Bytes(contract, 20) : [],
            Logs(Field(receipt, "logs")));
    }

    public IReadOnlyList<EmittedLog> Logs(JsonElement logs)
    {
        if (logs.ValueKind != JsonValueKind.Array)
        {
            throw Rubbish("no list of logs");
        }

        var read = new List<EmittedLog>(logs.GetArrayLength());
        foreach (var log in logs.EnumerateArray())
        {
            read.Add(Log(log));
        }

        return read;
    }

    /// <summary>The text of a string; the parser lets malformed Unicode through until it is read.</summary>
    private string? Text(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            throw Rubbish("text that is no Unicode");
        }
    }

    private EmittedLog Log(JsonElement log)
    {
        var given = Field(log, "topics");
        if (given.ValueKind != JsonValueKind.Array || given.GetArrayLength() > MostTopics)
        {
            throw Rubbish("a log without its topics");
        }

        var topics = new List<ReadOnlyMemory<byte>>(MostTopics);
        foreach (var topic in given.EnumerateArray())
        {
            topics.Add(Bytes(topic, 32));
        }

        var index = Number(Field(log, "logIndex"));
        var removed = log.TryGetProperty("removed", out var flag) && flag.ValueKind == JsonValueKind.True;
        return new EmittedLog(
            Bytes(Field(log, "address"), 20),
            new ChainLog(
                Number(Field(log, "blockNumber")),
                Bytes(Field(log, "blockHash"), 32),
                index <= int.MaxValue ? (int)index : throw Rubbish("a log index that is too large"),
                Bytes(Field(log, "transactionHash"), 32),
                topics,
                Bytes(Field(log, "data"))),
            removed);
    }
}
