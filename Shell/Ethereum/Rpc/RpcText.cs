using System.Buffers;
using System.Text.Json;

namespace Nitro.Ethereum.Rpc;

/// <summary>The envelope of JSON-RPC 2.0, both ways.</summary>
internal static class RpcText
{
    private const int LongestMessage = 500;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64 };

    public static ReadOnlyMemory<byte> Request(long id, string method, Action<Utf8JsonWriter>? parameters)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc", "2.0");
            writer.WriteNumber("id", id);
            writer.WriteString("method", method);
            writer.WriteStartArray("params");
            parameters?.Invoke(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>The id that a message answers, or null where it is a notice or no envelope at all. Takes any bytes.</summary>
    public static long? AnsweredId(ReadOnlySpan<byte> message)
    {
        try
        {
            var reader = new Utf8JsonReader(message);
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1)
                {
                    continue;
                }

                var isId = reader.ValueTextEquals("id"u8);
                reader.Read();
                if (isId)
                {
                    return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var id) ? id : null;
                }

                reader.Skip();
            }
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            // No JSON, so no answer to anything: the request it was meant for times out.
            return null;
        }

        return null;
    }

    /// <summary>The result of an answer.</summary>
    /// <exception cref="NodeErrorException">The answer is an error.</exception>
    /// <exception cref="EndpointException">The answer is rubbish.</exception>
    public static JsonElement Result(string endpoint, string method, long id, ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer, Strict);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw Rubbish(endpoint, method, "an answer that is no JSON object");
            }

            if (root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
            {
                throw Error(method, error);
            }

            if (!root.TryGetProperty("id", out var answered) || answered.ValueKind != JsonValueKind.Number
                || !answered.TryGetInt64(out var number) || number != id)
            {
                throw Rubbish(endpoint, method, "an answer to another request");
            }

            return root.TryGetProperty("result", out var result) ? result.Clone() : throw Rubbish(endpoint, method, "neither result nor error");
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: text that is no valid UTF-8 or UTF-16 once unescaped.
            throw Rubbish(endpoint, method, "an answer that is no JSON", problem);
        }
    }

    public static EndpointException Rubbish(string endpoint, string method, string what, Exception? inner = null) =>
        new(EndpointTrouble.Rubbish, $"The chain endpoint {endpoint} gave {what} to {method}: check that its URL is a node's JSON-RPC port.", inner);

    private static NodeErrorException Error(string method, JsonElement error)
    {
        var code = error.TryGetProperty("code", out var given) && given.ValueKind == JsonValueKind.Number && given.TryGetInt32(out var number) ? number : 0;
        var message = error.TryGetProperty("message", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "no message";
        error.TryGetProperty("data", out var data);
        return new NodeErrorException(method, code, message.Length > LongestMessage ? message[..LongestMessage] : message, RevertData(data));
    }

    /// <summary>Revert data comes as a string, or inside an object under <c>data</c> or <c>result</c>, by node.</summary>
    private static byte[] RevertData(JsonElement data)
    {
        if (data.ValueKind == JsonValueKind.Object && (data.TryGetProperty("data", out var inner) || data.TryGetProperty("result", out inner)))
        {
            data = inner;
        }

        return data.ValueKind == JsonValueKind.String && Hex.TryBytes(data.GetString(), out var bytes) ? bytes : [];
    }
}
