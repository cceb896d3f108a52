using System.Buffers;
using System.Text.Json;

namespace Nitro.Host.Api;

/// <summary>Writes statistics as the result of <c>get_node_statistics</c>.</summary>
internal static class StatisticsJson
{
    internal static ReadOnlyMemory<byte> Write(TenantStatistics statistics)
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartObject("journal");
            json.WriteNumber("position", statistics.JournalPosition);
            json.WriteNumber("records", statistics.Journal.Records);
            json.WriteNumber("appends", statistics.Journal.Appends);
            json.WriteNumber("commits", statistics.Journal.Commits);
            json.WriteNumber("bytes", statistics.Journal.Bytes);
            json.WriteEndObject();
            json.WriteNumber("steps", statistics.Steps);
            json.WriteNumber("turns", statistics.Turns);
            json.WriteNumber("messagesSent", statistics.MessagesSent);
            json.WriteNumber("messagesReceived", statistics.MessagesReceived);
            json.WriteNumber("offences", statistics.Offences);
            json.WriteNumber("signatures", statistics.Signatures);
            json.WriteNumber("signaturesRefused", statistics.SignaturesRefused);
            json.WriteNumber("retries", statistics.Retries);
            json.WriteNumber("openObjectives", statistics.OpenObjectives);
            json.WriteNumber("unfinishedEffects", statistics.UnfinishedEffects);
            json.WriteNumber("waiting", statistics.Waiting);
            json.WriteStartObject("signer");
            json.WriteNumber("attached", statistics.Signer.Attached);
            json.WriteNumber("pending", statistics.Signer.Pending);
            json.WriteNumber("timeCritical", statistics.Signer.TimeCritical);
            json.WriteNumber("oldestAgeMilliseconds", statistics.Signer.OldestAgeMilliseconds);
            json.WriteNumber("wrongAnswers", statistics.Signer.WrongAnswers);
            json.WriteEndObject();
            json.WriteStartObject("network");
            json.WriteStartArray("addresses");
            foreach (var address in statistics.Network.Addresses)
            {
                json.WriteStringValue(address);
            }

            json.WriteEndArray();
            json.WriteNumber("peers", statistics.Network.Peers);
            json.WriteNumber("connections", statistics.Network.Connections);
            json.WriteNumber("bytesSent", statistics.Network.BytesSent);
            json.WriteNumber("bytesReceived", statistics.Network.BytesReceived);
            json.WriteNumber("heldBack", statistics.Network.HeldBack);
            json.WriteEndObject();
            json.WriteStartObject("chain");
            json.WriteBoolean("connected", statistics.Chain.Connected);
            json.WriteNumber("latestHeight", statistics.Chain.LatestHeight);
            json.WriteNumber("finalHeight", statistics.Chain.FinalHeight);
            json.WriteNumber("pendingCalls", statistics.Chain.PendingCalls);
            json.WriteNumber("transactions", statistics.Chain.Transactions);
            json.WriteNumber("gasUsed", statistics.Chain.GasUsed);
            json.WriteString("lastError", statistics.Chain.LastError);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return bytes.WrittenMemory;
    }
}
