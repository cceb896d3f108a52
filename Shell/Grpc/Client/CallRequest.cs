using System.Net;
using System.Net.Http.Headers;
using Nitro.Grpc.Wire;

namespace Nitro.Grpc;

/// <summary>The HTTP request of a call.</summary>
internal static class CallRequest
{
    private static readonly ProductInfoHeaderValue Agent = new("grpc-csharp-nitro", "1.0");
    private static readonly TransferCodingWithQualityHeaderValue Trailers = new("trailers");

    public static HttpRequestMessage Make(Uri origin, string path, RequestContent content, GrpcCallOptions? options)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(origin, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        HttpRequestHeaders headers = request.Headers;
        headers.TE.Add(Trailers);
        headers.UserAgent.Add(Agent);
        headers.TryAddWithoutValidation("grpc-accept-encoding", Encodings.Accepted);
        if (options?.Timeout is { } timeout)
        {
            headers.TryAddWithoutValidation("grpc-timeout", TimeoutText.Write(timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero));
        }

        // Joined here: the framework would put a space behind the comma, and a value that ends in one is dropped by some servers.
        foreach (IGrouping<string, GrpcMetadataEntry> entries in (options?.Metadata ?? new GrpcMetadata()).GroupBy(entry => entry.Key))
        {
            headers.TryAddWithoutValidation(entries.Key, string.Join(',', entries.Select(entry => entry.Value)));
        }

        return request;
    }
}
