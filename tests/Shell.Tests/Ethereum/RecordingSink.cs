using Nitro.Ports;

namespace Nitro.Shell.Tests.Ethereum;

/// <summary>Keeps every notice in order, and lets a test wait for what it expects.</summary>
internal sealed class RecordingSink : IChainSink
{
    private readonly Lock _gate = new();
    private readonly List<object> _notices = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public sealed record Retracted(long Height);

    public IReadOnlyList<object> Notices
    {
        get
        {
            lock (_gate)
            {
                return [.. _notices];
            }
        }
    }

    public IReadOnlyList<ChainLog> Logs => [.. Notices.OfType<ChainLog>()];

    public ValueTask ShowedAsync(IReadOnlyList<ChainLog> logs, CancellationToken cancellationToken) => Keep(logs);

    public ValueTask ReachedAsync(ChainHead head, CancellationToken cancellationToken) => Keep([head]);

    public ValueTask RetractedAsync(long height, CancellationToken cancellationToken) => Keep([new Retracted(height)]);

    public ValueTask RefusedAsync(ChainRefusal refusal, CancellationToken cancellationToken) => Keep([refusal]);

    public ValueTask ReadAsync(ChainReadResult result, CancellationToken cancellationToken) => Keep([result]);

    public Task<ChainHead> ReachedAsync(long height) => FirstAsync<ChainHead>(head => head.Height >= height);

    /// <summary>The first notice of this kind that fits, past or future.</summary>
    public async Task<T> FirstAsync<T>(Func<T, bool> fits)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_notices.OfType<T>().Any(fits))
                {
                    return _notices.OfType<T>().First(fits);
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(limit.Token);
        }
    }

    private ValueTask Keep(IEnumerable<object> notices)
    {
        lock (_gate)
        {
            _notices.AddRange(notices);
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return ValueTask.CompletedTask;
    }
}
