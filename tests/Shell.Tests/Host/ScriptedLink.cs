using System.Collections.Concurrent;
using System.Threading.Channels;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Host;

/// <summary>A link whose answers the test gives: each frame waits until it is answered.</summary>
internal sealed class ScriptedLink : IPeerLink
{
    private readonly Channel<Sending> sendings = Channel.CreateUnbounded<Sending>();
    private int inFlight;

    /// <summary>The most frames that were in flight at a time.</summary>
    public int MostInFlight { get; private set; }

    /// <summary>Thrown by the next sends, in place of an answer.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    public async ValueTask<PeerAnswer> SendAsync(ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        if (Failures.TryDequeue(out var failure))
        {
            throw failure;
        }

        MostInFlight = Math.Max(MostInFlight, Interlocked.Increment(ref inFlight));
        var sending = new Sending(Convert.ToHexStringLower(peer.Span), frame);
        sendings.Writer.TryWrite(sending);
        try
        {
            return await sending.Answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref inFlight);
        }
    }

    /// <summary>The next frame that was sent.</summary>
    public async Task<Sending> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return await sendings.Reader.ReadAsync(limit.Token);
    }

    public Task RunAsync(IPeerSink sink, CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal sealed record Sending(string Peer, ReadOnlyMemory<byte> Frame)
    {
        public TaskCompletionSource<PeerAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
