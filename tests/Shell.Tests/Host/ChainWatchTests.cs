using Microsoft.Extensions.Logging;
using Nitro.Host.Effects;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Host;

/// <summary>An operator reads of a chain in trouble once, and once that it is well again.</summary>
public sealed class ChainWatchTests : IChain, ILogger
{
    private readonly List<string> lines = [];

    public ChainHealth Health { get; private set; } = new(true, 5, 3, 0, string.Empty, 0, 0);

    [Fact]
    public void TroubleIsToldOnceAndSoIsItsEnd()
    {
        var watch = new ChainWatch(this, TimeProvider.System, this);
        watch.Look();
        Assert.Empty(lines);

        Health = Health with { Connected = false, LastError = "no answer from ws://127.0.0.1:9" };
        watch.Look();
        watch.Look();
        Assert.Contains("no answer from ws://127.0.0.1:9", Assert.Single(lines), StringComparison.Ordinal);

        Health = Health with { Connected = true, LastError = string.Empty };
        watch.Look();
        watch.Look();
        Assert.Equal(2, lines.Count);
        Assert.StartsWith("Information", lines[1], StringComparison.Ordinal);
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Add($"{logLevel} {formatter(state, exception)}");

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public Task RunAsync(IChainSink sink, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask SubmitAsync(ChainCall call, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask ForgetAsync(long effectId, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask ReadAsync(ChainRead read, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
