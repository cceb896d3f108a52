using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Nitro.Cli.Rpc;

/// <summary>The JSON of params.payload. Amounts are bare numbers of any length.</summary>
internal static class Payload
{
    /// <summary>The asset that stands for the chain's own coin.</summary>
    public const string Native = "0x0000000000000000000000000000000000000000";

    /// <summary>An object with the fields that <paramref name="write"/> writes.</summary>
    public static ReadOnlyMemory<byte> Of(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>A field with an amount.</summary>
    public static void WriteAmount(this Utf8JsonWriter json, string name, BigInteger amount)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(amount.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The fields that open a channel: counterparty, duration in seconds (0: the node's default) and who puts in how much of one asset.</summary>
    /// <param name="json">The payload's object.</param>
    /// <param name="me">The caller's channel address.</param>
    /// <param name="counterparty">The other's.</param>
    /// <param name="asset">An ERC-20 contract, or <see cref="Native"/>.</param>
    /// <param name="mine">What I put in.</param>
    /// <param name="theirs">What the other puts in.</param>
    /// <param name="challengeDurationSeconds">How long a challenge on chain stands open.</param>
    public static void WriteOpening(
        this Utf8JsonWriter json, string me, string counterparty, string asset, BigInteger mine, BigInteger theirs, uint challengeDurationSeconds)
    {
        json.WriteString("CounterParty", counterparty);
        json.WriteNumber("ChallengeDuration", challengeDurationSeconds);
        json.WriteStartArray("Outcome");
        json.WriteStartObject();
        json.WriteString("Asset", asset);
        json.WriteStartObject("AssetMetadata");
        json.WriteNumber("AssetType", 0);
        json.WriteNull("Metadata");
        json.WriteEndObject();
        json.WriteStartArray("Allocations");
        WriteAllocation(json, me, mine);
        WriteAllocation(json, counterparty, theirs);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteAllocation(Utf8JsonWriter json, string address, BigInteger amount)
    {
        json.WriteStartObject();
        json.WriteString("Destination", "0x" + new string('0', 24) + address[2..].ToLowerInvariant());
        json.WriteAmount("Amount", amount);
        json.WriteNumber("AllocationType", 0);
        json.WriteNull("Metadata");
        json.WriteEndObject();
    }
}
