using Microsoft.Extensions.Logging;
using Nitro.Host.Effects;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>An operator reads of a chain in trouble once, and once that it is well again.</summary>
public sealed class ChainWatchTests
{
    [Fact]
    public void TroubleIsToldOnceAndSoIsItsEnd()
    {
        var chain = new SayingChain();
        var log = new KeptLog();
        var watch = new ChainWatch(chain, TimeProvider.System, log);
        watch.Look();
        Assert.Empty(log.Lines);

        chain.Health = chain.Health with { Connected = false, LastError = "no answer from ws://127.0.0.1:9" };
        watch.Look();
        watch.Look();
        Assert.Contains("no answer from ws://127.0.0.1:9", Assert.Single(log.Lines), StringComparison.Ordinal);

        chain.Health = chain.Health with { Connected = true, LastError = string.Empty };
        watch.Look();
        watch.Look();
        Assert.Equal(2, log.Lines.Count);
        Assert.StartsWith("Information", log.Lines[1], StringComparison.Ordinal);
    }

    private sealed class KeptLog : ILogger
    {
        public List<string> Lines { get; } = [];

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add($"{logLevel} {formatter(state, exception)}");

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }

    private sealed class SayingChain : IChain
    {
        public ChainHealth Health { get; set; } = new(true, 5, 3, 0, string.Empty, 0, 0);

        public Task RunAsync(IChainSink sink, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask SubmitAsync(ChainCall call, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask ForgetAsync(long effectId, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask ReadAsync(ChainRead read, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
