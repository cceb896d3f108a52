using Nitro.Grpc.Wire;

namespace Nitro.Grpc;

/// <summary>What may end a call before its handler does: the client, the deadline, the stop of the server. One token for all three.</summary>
internal sealed class CallLife : IDisposable
{
    private readonly CancellationTokenSource _deadline = new();
    private readonly CancellationTokenSource _any;
    private readonly CancellationToken _client;
    private volatile bool _clientLeft;

    public CallLife(TimeSpan? timeout, CancellationToken client, CancellationToken stopping)
    {
        _client = client;
        _any = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, client, stopping);
        if (timeout is not { } time)
        {
            return;
        }

        DateTimeOffset now = DateTimeOffset.UtcNow;
        Deadline = time < DateTimeOffset.MaxValue - now ? now + time : null;
        if (TimeoutText.FitsTimer(time))
        {
            _deadline.CancelAfter(time);
        }
    }

    public DateTimeOffset? Deadline { get; }

    public CancellationToken Token => _any.Token;

    public CancellationToken DeadlineToken => _deadline.Token;

    /// <summary>There is nobody to answer any more.</summary>
    public bool IsClientGone => _clientLeft || _client.IsCancellationRequested;

    /// <summary>Seen by reading, which may be before the connection says so.</summary>
    public void ClientLeft()
    {
        _clientLeft = true;
        _any.Cancel();
    }

    /// <summary>The status of a call whose token fired and whose client is still there.</summary>
    public Status Cut() => _deadline.IsCancellationRequested
        ? Status.Of(GrpcStatusCode.DeadlineExceeded, "The deadline has passed.")
        : Status.Of(GrpcStatusCode.Unavailable, "The server is stopping.");

    public void Dispose()
    {
        _any.Dispose();
        _deadline.Dispose();
    }
}
