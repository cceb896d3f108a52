namespace Nitro.Host.Loop;

/// <summary>Wakes one waiter; set twice before anybody waits, it wakes once.</summary>
internal sealed class Signal
{
    private readonly Lock gate = new();
    private readonly SemaphoreSlim semaphore = new(0, 1);

    internal void Set()
    {
        lock (gate)
        {
            if (semaphore.CurrentCount == 0)
            {
                semaphore.Release();
            }
        }
    }

    internal Task WaitAsync(CancellationToken cancellationToken) => semaphore.WaitAsync(cancellationToken);

    /// <summary>Whether it was set in time.</summary>
    internal Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => semaphore.WaitAsync(atMost, cancellationToken);
}
