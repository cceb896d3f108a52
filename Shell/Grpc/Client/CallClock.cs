using Nitro.Grpc.Wire;

namespace Nitro.Grpc;

/// <summary>What ends a call from the client's side: its caller's token, its deadline, or giving it up. One token for all three.</summary>
internal sealed class CallClock
{
    private readonly CancellationTokenSource _source = new();
    private readonly CancellationTokenRegistration _caller;
    private volatile bool _isGivenUp;

    public CallClock(TimeSpan? timeout, CancellationToken caller)
    {
        if (timeout is { } passed && passed <= TimeSpan.Zero)
        {
            _source.Cancel(); // a timer would fire a little later, with the request on its way
        }
        else if (timeout is { } time && TimeoutText.FitsTimer(time))
        {
            _source.CancelAfter(time);
        }

        _caller = caller.UnsafeRegister(static clock => ((CallClock)clock!).Cancel(), this);
    }

    public CancellationToken Token => _source.Token;

    public bool IsDeadlinePassed => _source.IsCancellationRequested && !_isGivenUp;

    public void Cancel()
    {
        if (!_source.IsCancellationRequested)
        {
            _isGivenUp = true;
            _source.Cancel();
        }
    }

    /// <summary>The call has ended: nothing fires any more.</summary>
    public void Stop()
    {
        _source.CancelAfter(Timeout.InfiniteTimeSpan);
        _caller.Unregister();
    }
}
