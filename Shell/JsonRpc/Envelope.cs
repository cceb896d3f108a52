using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>
/// A request whose outer form was checked (reference 8.2, steps 1-7 as far as they need no knowledge of the method's payload).
/// <c>Payload</c> is empty when absent; <c>RequestId</c> is as written, its form is judged after the token.
/// </summary>
internal sealed record Envelope(RpcId Id, string Method, string AuthToken, ReadOnlyMemory<byte> Payload, string? RequestId, CallSignature? Signature = null)
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64 };

    /// <summary>
    /// Reads one request. Total: any bytes give an envelope or a refusal. <paramref name="isKnown"/> answers step 6;
    /// <paramref name="unknownId"/> stands in for an id that cannot be read.
    /// </summary>
    public static EnvelopeReading Read(ReadOnlyMemory<byte> request, bool goNitro, RpcId unknownId, Func<string, bool> isKnown)
    {
        if (!Utf8.IsValid(request.Span))
        {
            return EnvelopeReading.Refused(unknownId, Problems.Parse);
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(request, Strict);
            return Judge(document.RootElement, goNitro, unknownId, isKnown);
        }
        catch (JsonException)
        {
            return EnvelopeReading.Refused(unknownId, Problems.Parse);
        }
        catch (InvalidOperationException)
        {
            // Text with half a surrogate pair ("\ud800") is found only when the text is taken out of the document.
            return EnvelopeReading.Refused(unknownId, Problems.Parse);
        }
    }

    private static EnvelopeReading Judge(JsonElement root, bool goNitro, RpcId unknownId, Func<string, bool> isKnown)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            bool batch = root.ValueKind == JsonValueKind.Array && !goNitro;
            return EnvelopeReading.Refused(unknownId, batch ? Problems.Batch : Problems.NotAnObject);
        }

        JsonElement id = Find(root, "id");
        JsonElement methodElement = Find(root, "method");
        string? method = methodElement.ValueKind == JsonValueKind.String ? methodElement.GetString() : null;
        if (id.ValueKind == JsonValueKind.Undefined && method is not null)
        {
            return EnvelopeReading.Notified(unknownId, method);
        }

        if (!RpcId.TryRead(id, goNitro, out RpcId rounded, out RpcId exact))
        {
            return EnvelopeReading.Refused(unknownId, Problems.InvalidRequest);
        }

        JsonElement version = Find(root, "jsonrpc");
        if (version.ValueKind != JsonValueKind.String || !version.ValueEquals("2.0") || method is null)
        {
            return EnvelopeReading.Refused(rounded, Problems.InvalidRequest);
        }

        if (!isKnown(method))
        {
            return EnvelopeReading.Refused(rounded, Problems.UnknownMethod);
        }

        JsonElement parameters = Find(root, "params");
        return !TryParams(parameters, exact, method, out Envelope? envelope) ? EnvelopeReading.Refused(exact, Problems.ParamsDoNotFit)
            : TrySigned(parameters, out CallSignature? signature) ? EnvelopeReading.Accepted(envelope! with { Signature = signature })
            : EnvelopeReading.Refused(exact, Problems.Signed);
    }

    private static bool TryParams(JsonElement parameters, RpcId id, string method, out Envelope? envelope)
    {
        envelope = new Envelope(id, method, string.Empty, ReadOnlyMemory<byte>.Empty, null);
        if (IsAbsent(parameters))
        {
            return true;
        }

        if (parameters.ValueKind != JsonValueKind.Object
            || !TryText(Find(parameters, "authtoken"), out string? token)
            || !TryText(Find(parameters, "requestId"), out string? requestId))
        {
            return false;
        }

        JsonElement payload = Find(parameters, "payload");
        envelope = envelope with
        {
            AuthToken = token ?? string.Empty,
            RequestId = requestId,
            Payload = IsAbsent(payload) ? ReadOnlyMemory<byte>.Empty : JsonMarshal.GetRawUtf8Value(payload).ToArray(),
        };
        return true;
    }

    /// <summary>All or none: half a signature is never taken for no signature.</summary>
    private static bool TrySigned(JsonElement parameters, out CallSignature? signature)
    {
        signature = null;
        JsonElement signed = parameters.ValueKind == JsonValueKind.Object ? Find(parameters, "signed") : default;
        if (signed.ValueKind == JsonValueKind.Undefined)
        {
            return true;
        }

        if (signed.ValueKind != JsonValueKind.Object || !TryBytes(Find(signed, "envelope"), out byte[]? envelope) || !TryBytes(Find(signed, "signature"), out byte[]? by))
        {
            return false;
        }

        signature = new CallSignature(envelope, by);
        return true;
    }

    private static bool TryBytes(JsonElement element, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        return element.ValueKind == JsonValueKind.String && element.TryGetBytesFromBase64(out bytes) && bytes.Length > 0;
    }

    /// <summary>The last member of that name, as go-nitro's decoder takes it; upper and lower case are the same.</summary>
    internal static JsonElement Find(JsonElement from, string name)
    {
        JsonElement found = default;
        foreach (JsonProperty property in from.EnumerateObject())
        {
            if (IsNamed(property, name))
            {
                found = property.Value;
            }
        }

        return found;
    }

    /// <summary>The name is compared as it is written, unless it is written oddly: no text is made of it.</summary>
    private static bool IsNamed(JsonProperty property, string name)
    {
        ReadOnlySpan<byte> written = JsonMarshal.GetRawUtf8PropertyName(property);
        return Ascii.IsValid(written) && !written.Contains((byte)'\\')
            ? Ascii.EqualsIgnoreCase(written, name)
            : property.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Text, or null where it is absent or null; false for anything else.</summary>
    internal static bool TryText(JsonElement element, out string? text)
    {
        text = element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        return text is not null || IsAbsent(element);
    }

    private static bool IsAbsent(JsonElement element) => element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;
}
