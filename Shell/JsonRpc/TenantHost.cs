using Microsoft.Extensions.Logging;

namespace Nitro.JsonRpc;

/// <summary>One tenant as an endpoint serves it: its request handler, its subscribers and how many there are.</summary>
internal sealed class TenantHost : IAsyncDisposable
{
    private readonly RpcOptions _options;
    private int _subscribers;

    public TenantHost(RpcTenant tenant, RpcOptions options, ILogger logger)
    {
        _options = options;
        Name = tenant.Name;
        Tokens = tenant.Tokens;
        Handler = new RequestHandler(tenant, options.GoNitro, logger);
        Fan = new NotificationFan(tenant.Node, Frames.NumberedNotification, logger);
    }

    public string Name { get; }

    public Tokens Tokens { get; }

    public RequestHandler Handler { get; }

    public NotificationFan Fan { get; }

    public bool TryTakePlace()
    {
        if (Interlocked.Increment(ref _subscribers) <= _options.MaxSubscribers)
        {
            return true;
        }

        Interlocked.Decrement(ref _subscribers);
        return false;
    }

    public void LeavePlace() => Interlocked.Decrement(ref _subscribers);

    public ValueTask DisposeAsync() => Fan.DisposeAsync();
}
