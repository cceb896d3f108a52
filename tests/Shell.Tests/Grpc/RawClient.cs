using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>Sends whatever bytes it is given as the body of an HTTP/2 request.</summary>
internal sealed class RawClient(Uri address) : IDisposable
{
    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler());

    /// <summary>A message as it should be.</summary>
    public static byte[] Frame(IMessage message) => Frame(0, message.ToByteArray());

    /// <summary>A message with any first byte, and any length if not its own.</summary>
    public static byte[] Frame(byte flag, byte[] body, uint? length = null)
    {
        byte[] frame = new byte[5 + body.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length ?? (uint)body.Length);
        body.CopyTo(frame, 5);
        return frame;
    }

    public Task<RawAnswer> PostAsync(string path, byte[] body, CancellationToken cancellationToken, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, new ByteArrayContent(body), cancellationToken, headers);

    public async Task<RawAnswer> SendAsync(
        HttpMethod method, string path, HttpContent content, CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage response = await OpenAsync(method, path, content, cancellationToken, headers);
        byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        bool isTrailersOnly = response.Headers.Contains("grpc-status");
        HttpResponseHeaders place = isTrailersOnly ? response.Headers : response.TrailingHeaders;
        return new RawAnswer(response.StatusCode, Value(place, "grpc-status"), Value(place, "grpc-message"), isTrailersOnly, answer);
    }

    /// <summary>Returns at the headers, with the body unread.</summary>
    public Task<HttpResponseMessage> OpenAsync(
        HttpMethod method, string path, HttpContent content, CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, new Uri(address, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        foreach ((string name, string value) in headers.DefaultIfEmpty(("te", "trailers")))
        {
            if (name == "content-type")
            {
                content.Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        if (!content.Headers.Contains("content-type"))
        {
            content.Headers.TryAddWithoutValidation("content-type", "application/grpc+proto");
        }

        return _invoker.SendAsync(request, cancellationToken);
    }

    public void Dispose() => _invoker.Dispose();

    private static string? Value(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out IEnumerable<string>? values) ? values.Single() : null;
}
