using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>Writes what leaves the server: replies and notifications, keys in go-nitro's order, without white space.</summary>
internal static class Frames
{
    private static readonly JsonWriterOptions Plain = new()
    {
        // Answers are never put into a page; go-nitro's clients compare texts such as "channel's".
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static ReadOnlyMemory<byte> Result(RpcId id, ReadOnlyMemory<byte> result) => Write(writer =>
    {
        Head(writer, id);
        writer.WritePropertyName("result"u8);
        WriteOpaque(writer, result);
    });

    public static ReadOnlyMemory<byte> Error(RpcId id, NodeProblem problem, bool goNitro) => Write(writer =>
    {
        Head(writer, id);
        writer.WriteStartObject("error"u8);
        writer.WriteNumber("code"u8, problem.Code);
        writer.WriteString("message"u8, problem.Message);
        if (goNitro || (problem.Tag is null && problem.Next is null))
        {
            writer.WriteNull("data"u8);
        }
        else
        {
            WriteData(writer, problem);
        }

        writer.WriteEndObject();
    });

    /// <summary>For WebSocket subscribers: shaped like a request, with a random 64-bit id, as go-nitro's clients expect.</summary>
    public static ReadOnlyMemory<byte> NumberedNotification(NodeNotification notification)
    {
        Span<byte> random = stackalloc byte[8];
        RandomNumberGenerator.Fill(random);
        return Notification(notification, BitConverter.ToUInt64(random));
    }

    /// <summary>For stdio: a JSON-RPC notification proper, without id.</summary>
    public static ReadOnlyMemory<byte> PlainNotification(NodeNotification notification) => Notification(notification, null);

    internal static ReadOnlyMemory<byte> Notification(NodeNotification notification, ulong? id) => Write(writer =>
    {
        writer.WriteString("jsonrpc"u8, "2.0"u8);
        if (id is { } number)
        {
            writer.WriteNumber("id"u8, number);
        }

        writer.WriteString("method"u8, notification.Method);
        writer.WriteStartObject("params"u8);
        writer.WriteString("authtoken"u8, ""u8);
        writer.WritePropertyName("payload"u8);
        WriteOpaque(writer, notification.Payload);
        writer.WriteEndObject();
    });

    private static void Head(Utf8JsonWriter writer, RpcId id)
    {
        writer.WriteString("jsonrpc"u8, "2.0"u8);
        writer.WritePropertyName("id"u8);
        writer.WriteRawValue(id.Json, skipInputValidation: true);
    }

    private static void WriteData(Utf8JsonWriter writer, NodeProblem problem)
    {
        writer.WriteStartObject("data"u8);
        if (problem.Tag is not null)
        {
            writer.WriteString("tag"u8, problem.Tag);
        }

        if (problem.Next is not null)
        {
            writer.WriteString("next"u8, problem.Next);
        }

        writer.WriteEndObject();
    }

    private static void WriteOpaque(Utf8JsonWriter writer, ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteRawValue(json.Span, skipInputValidation: true);
        }
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> body)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Plain))
        {
            writer.WriteStartObject();
            body(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
