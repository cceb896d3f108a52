using Nitro.Signing;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>Who may sign with a memory: one at a time, and each under a number of its own.</summary>
public sealed class LeaseTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string folder = Directory.CreateTempSubdirectory("nitro-lease").FullName;
    private readonly CancellationTokenSource ended = new(Patience);

    public void Dispose()
    {
        ended.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task TheSecondWaitsUntilTheFirstHasLetGoAndHasTheNextNumber()
    {
        var told = new TaskCompletionSource<string>();
        var first = await Acquire();
        var second = Acquire(false, told);
        var line = await told.Task.WaitAsync(Patience);
        Assert.Contains($"process {Environment.ProcessId}", line, StringComparison.Ordinal);
        Assert.False(second.IsCompleted);
        first.Dispose();
        using var next = await second.WaitAsync(Patience);
        Assert.Equal(first.Token + 1, next.Token);
    }

    [Fact]
    public async Task WhoTakesOverAsksAndWaits()
    {
        var first = await Acquire();
        var asked = first.AskedForAsync(ended.Token);
        var second = Acquire(true, new TaskCompletionSource<string>());
        Assert.Contains("process", await asked.WaitAsync(Patience), StringComparison.Ordinal);
        Assert.False(second.IsCompleted);
        first.Dispose();
        using var next = await second.WaitAsync(Patience);
        Assert.Equal(first.Token + 1, next.Token);

        // The request was met: the new holder is not asked to let go by it.
        using var moment = new CancellationTokenSource(TimeSpan.FromMilliseconds(600));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.AskedForAsync(moment.Token));
    }

    [Fact]
    public async Task ANumberThatCannotBeReadIsSaid()
    {
        (await Acquire()).Dispose();
        await File.WriteAllTextAsync(Path.Combine(folder, "lease"), "who knows", ended.Token);
        Assert.Contains("does not begin with a number", (await Assert.ThrowsAsync<MarksException>(() => Acquire())).Message, StringComparison.Ordinal);
    }

    private Task<Lease> Acquire() => Acquire(false, new TaskCompletionSource<string>());

    private Task<Lease> Acquire(bool takeOver, TaskCompletionSource<string> told) =>
        Lease.AcquireAsync(folder, takeOver, line => told.TrySetResult(line), ended.Token);
}
