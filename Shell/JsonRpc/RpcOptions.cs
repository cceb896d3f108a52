namespace Nitro.JsonRpc;

/// <summary>Every setting and limit of the API server; the defaults suit one node on its own machine.</summary>
public sealed record RpcOptions
{
    /// <summary>go-nitro accepts no larger request; holds in <see cref="GoNitro"/> mode.</summary>
    public const int GoNitroRequestBytes = 8192;

    /// <summary>Where tenants without an endpoint of their own are served.</summary>
    public RpcEndpoint Endpoint { get; init; } = RpcEndpoint.Default;

    /// <summary>
    /// <c>rpc.compat = go-nitro</c>: transports and tokens exactly as go-nitro has them (any web page may call), so on loopback only.
    /// </summary>
    public bool GoNitro { get; init; }

    /// <summary><c>rpc.origins</c>: web origins (<c>https://wallet.example</c>) whose pages may call. Default none.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary><c>rpc.hosts</c>: names, without port, that a Host header may carry besides loopback names. Default none.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Largest request in bytes (HTTP body, WebSocket message, stdio frame).</summary>
    public int MaxRequestBytes { get; init; } = 1024 * 1024;

    /// <summary>Open connections per endpoint; further ones are closed at once.</summary>
    public int MaxConnections { get; init; } = 128;

    /// <summary>Open WebSockets per tenant; further ones are answered 503.</summary>
    public int MaxSubscribers { get; init; } = 64;

    /// <summary>Notifications that may wait for one subscriber; one more and that subscriber is closed.</summary>
    public int SubscriberQueue { get; init; } = 1000;

    /// <summary>Requests of one WebSocket or stdio stream that run at once; further ones wait unread.</summary>
    public int MaxInFlight { get; init; } = 8;

    /// <summary>Time to receive the headers, and the body, of one request.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for one WebSocket frame to be taken by the peer, after which the peer counts as dead.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A silent WebSocket is pinged this often, and closed when the answer takes as long again.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Time a closing WebSocket has for its last frame and the peer's farewell.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time running requests have to finish when the server stops.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(5);

    internal int RequestBytes => GoNitro ? Math.Min(MaxRequestBytes, GoNitroRequestBytes) : MaxRequestBytes;
}
