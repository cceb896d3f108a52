using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>
/// Calls a node's API over HTTP and listens over WebSocket. It gets its token by itself, and a
/// new one when the node no longer takes the old.
/// </summary>
public sealed class RpcClient : IDisposable
{
    private static readonly ReadOnlyMemory<byte> EmptyPayload = "{}"u8.ToArray();
    private readonly Uri _api;
    private readonly RpcClientOptions _options;
    private readonly HttpMessageInvoker _upgrades;
    private readonly HttpClient _http;
    private string? _token;

    /// <summary><paramref name="api"/>: <c>http(s)://host:port/api/v1</c>, or <c>…/t/&lt;tenant&gt;/api/v1</c>.</summary>
    public RpcClient(Uri api, RpcClientOptions? options = null)
    {
        _api = api;
        _options = options ?? new RpcClientOptions();
        SocketsHttpHandler handler = ClientTransport.Create(api, _options);
        _upgrades = new HttpMessageInvoker(handler, disposeHandler: false);
        _http = new HttpClient(handler, disposeHandler: true)
        {
            Timeout = _options.Timeout,
            MaxResponseContentBufferSize = _options.MaxAnswerBytes,
        };
    }

    /// <summary>
    /// Calls one method and returns its result's JSON. <paramref name="payloadJson"/>: params.payload, empty for none.
    /// <paramref name="requestId"/>: 16-64 characters of A-Z a-z 0-9 _ - . : that make repeating the call safe, or null.
    /// </summary>
    /// <exception cref="RpcError">The node refused.</exception>
    /// <exception cref="RpcUnreachable">No answer came.</exception>
    /// <exception cref="JsonException">The payload is no JSON; nothing was sent but a request for a token.</exception>
    public async Task<ReadOnlyMemory<byte>> CallAsync(
        string method, ReadOnlyMemory<byte> payloadJson, string? requestId, CancellationToken cancellationToken)
    {
        bool fresh = _token is null;
        string token = _token ?? await RenewTokenAsync(cancellationToken);
        try
        {
            return await PostAsync(method, token, payloadJson, requestId, cancellationToken);
        }
        catch (RpcError e) when (e.Code == Problems.Token.Code && !fresh)
        {
            // Refused before anything was done, so a second try repeats nothing.
            token = await RenewTokenAsync(cancellationToken);
            return await PostAsync(method, token, payloadJson, requestId, cancellationToken);
        }
    }

    /// <summary>Opens a subscription: every notification from when this returns.</summary>
    /// <exception cref="RpcError">The node gave no token.</exception>
    /// <exception cref="RpcUnreachable">The node cannot be reached or refused the subscription.</exception>
    public async Task<RpcSubscription> SubscribeAsync(CancellationToken cancellationToken)
    {
        string token = await RenewTokenAsync(cancellationToken);
        var address = new UriBuilder(_api) { Scheme = _api.Scheme == Uri.UriSchemeHttps ? "wss" : "ws" };
        address.Path = address.Path.TrimEnd('/') + "/subscribe";
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(20);
        socket.Options.KeepAliveTimeout = TimeSpan.FromSeconds(20);
        try
        {
            await socket.ConnectAsync(address.Uri, _upgrades, cancellationToken);
            return new RpcSubscription(socket, _options.MaxAnswerBytes);
        }
        catch (WebSocketException e)
        {
            socket.Dispose();
            throw Unreachable(e);
        }
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        _upgrades.Dispose();
        _http.Dispose();
    }

    private async Task<string> RenewTokenAsync(CancellationToken cancellationToken)
    {
        var payload = new Dictionary<string, string> { ["Id"] = _options.ClientId };
        if (_options.Secret is { } secret)
        {
            payload["Secret"] = secret.Trim();
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(payload);
        ReadOnlyMemory<byte> result = await PostAsync("get_auth_token", string.Empty, json, null, cancellationToken);
        return _token = JsonSerializer.Deserialize<string>(result.Span) ?? throw Unreachable(new InvalidDataException("the token is null"));
    }

    private async Task<ReadOnlyMemory<byte>> PostAsync(
        string method, string token, ReadOnlyMemory<byte> payload, string? requestId, CancellationToken cancellationToken)
    {
        uint id = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        using var content = new ReadOnlyMemoryContent(Request(id, method, token, payload, requestId));
        try
        {
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage response = await _http.PostAsync(_api, content, cancellationToken);
            byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response.StatusCode switch
            {
                HttpStatusCode.NotFound => throw new RpcUnreachable(
                    $"There is no API at {_api}. Tenants that share an endpoint answer at /t/<name>/api/v1: name one of them (--tenant). "
                    + "The node's log tells where each answers."),
                _ when response.IsSuccessStatusCode => Result(body, id),
                _ => throw Unreachable(new InvalidDataException($"HTTP {(int)response.StatusCode}: {Excerpt(body)}")),
            };
        }
        catch (Exception e) when (
            e is HttpRequestException or JsonException or InvalidOperationException or FormatException or KeyNotFoundException
            || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Unreachable(e);
        }
    }

    private ReadOnlyMemory<byte> Request(uint id, string method, string token, ReadOnlyMemory<byte> payload, string? requestId)
    {
        var buffer = new ArrayBufferWriter<byte>(payload.Length + 512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc"u8, "2.0"u8);
            writer.WriteNumber("id"u8, id);
            writer.WriteString("method"u8, method);
            writer.WriteStartObject("params"u8);
            writer.WriteString("authtoken"u8, token);
            if (requestId is not null)
            {
                writer.WriteString("requestId"u8, requestId);
            }

            payload = payload.IsEmpty ? EmptyPayload : payload;
            writer.WritePropertyName("payload"u8);
            writer.WriteRawValue(payload.Span);
            if (_options.Sign is { } sign && token.Length > 0)
            {
                CallSignature signed = sign(method, payload);
                writer.WriteStartObject("signed"u8);
                writer.WriteBase64String("envelope"u8, signed.Envelope.Span);
                writer.WriteBase64String("signature"u8, signed.Signature.Span);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static ReadOnlyMemory<byte> Result(byte[] body, uint id)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        JsonElement root = document.RootElement;
        if (root.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object)
        {
            JsonElement data = error.TryGetProperty("data", out JsonElement given) ? given : default;
            string message = error.GetProperty("message").GetString() ?? string.Empty;
            throw new RpcError(error.GetProperty("code").GetInt32(), message, Text(data, "tag"), Text(data, "next"));
        }

        return root.TryGetProperty("id", out JsonElement echoed) && echoed.TryGetUInt32(out uint answered) && answered == id
            && root.TryGetProperty("result", out JsonElement result)
            ? JsonMarshal.GetRawUtf8Value(result).ToArray()
            : throw new JsonException("the answer is not to this request");
    }

    private static string? Text(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()
            : null;

    private static string Excerpt(byte[] body) => System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 300)));

    private RpcUnreachable Unreachable(Exception cause)
    {
        string trust = _api.Scheme == Uri.UriSchemeHttps ? ", and that its certificate is trusted here" : string.Empty;
        return new RpcUnreachable(
            $"The node's API at {_api} gave no answer: {(cause.InnerException?.Message ?? cause.Message).TrimEnd('.')}. "
            + $"Check that the node runs and that the address is its own{trust}.",
            cause);
    }
}
