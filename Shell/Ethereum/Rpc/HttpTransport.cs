using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace Nitro.Ethereum.Rpc;

/// <summary>JSON-RPC as HTTP POST, one request a time on pooled connections.</summary>
public sealed class HttpTransport : IRpcTransport
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _client;
    private readonly Uri _url;
    private readonly int _maxResponseBytes;

    /// <summary>Makes a transport; nothing is sent yet.</summary>
    public HttpTransport(Uri url, string? bearerToken, int maxResponseBytes)
    {
        _url = url;
        _maxResponseBytes = maxResponseBytes;
        Endpoint = url.GetLeftPart(UriPartial.Authority).Replace(url.UserInfo + "@", string.Empty, StringComparison.Ordinal);

        // A long-lived client would keep an address for ever: connections are renewed so that name changes are seen.
        _client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), AllowAutoRedirect = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (!string.IsNullOrEmpty(bearerToken))
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearerToken);
        }
    }

    /// <inheritdoc/>
    public string Endpoint { get; }

    /// <inheritdoc/>
    public long Connection => 0;

    /// <inheritdoc/>
    public Action? Notified { get; set; }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> ExchangeAsync(long id, ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ReadOnlyMemoryContent(request) };
            message.Content.Headers.ContentType = Json;
            using var response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            {
                throw new EndpointException(
                    EndpointTrouble.Unauthorised,
                    $"The chain endpoint {Endpoint} refuses our credentials (HTTP {(int)response.StatusCode}): check the chain's auth token.");
            }

            var body = await ReadAsync(response, cancellationToken).ConfigureAwait(false);

            // Some nodes send JSON-RPC errors with status 400 or 500: the body decides, unless it is no JSON object at all.
            if (!response.IsSuccessStatusCode && (body.IsEmpty || body.Span[0] != (byte)'{'))
            {
                throw new EndpointException(EndpointTrouble.Unreachable, $"The chain endpoint {Endpoint} answers HTTP {(int)response.StatusCode}.");
            }

            return body;
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException)
        {
            throw EndpointException.Unreachable(Endpoint, problem);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var read = await stream.ReadAsync(body.GetMemory(4096), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return body.WrittenMemory;
            }

            body.Advance(read);
            if (body.WrittenCount > _maxResponseBytes)
            {
                throw new EndpointException(
                    EndpointTrouble.TooLarge,
                    $"The chain endpoint {Endpoint} sent an answer of more than {_maxResponseBytes} bytes.");
            }
        }
    }
}
