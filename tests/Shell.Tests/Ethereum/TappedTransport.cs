using System.Text.Json;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;

namespace Nitro.Shell.Tests.Ethereum;

/// <summary>A real transport that a test can listen to and break.</summary>
internal sealed class TappedTransport(IRpcTransport inner) : IRpcTransport
{
    private readonly Lock _gate = new();
    private readonly List<(string Method, string Request)> _requests = [];

    /// <summary>Given the method: true lets the request through, false is a broken connection.</summary>
    public Func<string, bool> Passes { get; set; } = _ => true;

    /// <summary>Called with method and request before it is passed on.</summary>
    public Func<string, JsonElement, string?> Answers { get; set; } = (_, _) => null;

    public string Endpoint => inner.Endpoint;

    public long Connection => inner.Connection;

    public Action? Notified
    {
        get => inner.Notified;
        set => inner.Notified = value;
    }

    public IReadOnlyList<string> Requests(string method)
    {
        lock (_gate)
        {
            return [.. _requests.Where(request => request.Method == method).Select(request => request.Request)];
        }
    }

    /// <summary>The raw transactions handed over for broadcast, in order.</summary>
    public IReadOnlyList<string> Raw =>
        [.. Requests("eth_sendRawTransaction").Select(request => JsonDocument.Parse(request).RootElement.GetProperty("params")[0].GetString()!)];

    public static TappedTransport To(Uri url) =>
        new(url.Scheme == "ws" ? new WebSocketTransport(url, null, 1 << 24) : new HttpTransport(url, null, 1 << 24));

    public async ValueTask<ReadOnlyMemory<byte>> ExchangeAsync(long id, ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        var parsed = JsonDocument.Parse(request).RootElement;
        var method = parsed.GetProperty("method").GetString()!;
        lock (_gate)
        {
            _requests.Add((method, parsed.GetRawText()));
        }

        if (!Passes(method))
        {
            throw new EndpointException(EndpointTrouble.Unreachable, "The test broke the connection.");
        }

        return Answers(method, parsed) is { } answer
            ? System.Text.Encoding.UTF8.GetBytes($$"""{"jsonrpc":"2.0","id":{{id}},{{answer}}}""")
            : await inner.ExchangeAsync(id, request, cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
