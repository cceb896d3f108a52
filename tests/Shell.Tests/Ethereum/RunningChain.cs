using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;
using Nitro.Ethereum.Transactions;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Ethereum;

/// <summary>An adapter at work, with its sink and a tapped connection. Ending it is like killing it: nothing is finished first.</summary>
internal sealed class RunningChain : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();

    private RunningChain(EthereumChain chain, TappedTransport tap, RecordingSink sink)
    {
        (Chain, Tap, Sink) = (chain, tap, sink);
        Run = chain.RunAsync(sink, _stop.Token);
    }

    public EthereumChain Chain { get; }

    public TappedTransport Tap { get; }

    public RecordingSink Sink { get; }

    public Task Run { get; }

    /// <summary>Short intervals, so that a test waits on the chain and not on the clock.</summary>
    public static EthereumOptions Options(Uri url, ReadOnlyMemory<byte> contract, string store, long startHeight) => new()
    {
        Url = url,
        Contract = contract,
        StorePath = store,
        StartHeight = startHeight,
        PollInterval = TimeSpan.FromMilliseconds(20),
        ReachedInterval = TimeSpan.FromMilliseconds(50),
        MinBackoff = TimeSpan.FromMilliseconds(20),
        MaxBackoff = TimeSpan.FromMilliseconds(100),
        RequestTimeout = TimeSpan.FromSeconds(5),
    };

    public static RunningChain Start(EthereumOptions options, int account, RecordingSink? sink = null, Action<TappedTransport>? prepare = null) =>
        Start(options, new KeyTransactionSigner(AnvilAccounts.Keys[account].Span), sink, prepare);

    public static RunningChain Start(EthereumOptions options, ITransactionSigner signer, RecordingSink? sink = null, Action<TappedTransport>? prepare = null)
    {
        var tap = TappedTransport.To(options.Url);
        prepare?.Invoke(tap);
        var chain = EthereumChain.Open(options, signer, new EthereumRpc(tap, options.RequestTimeout));
        return new RunningChain(chain, tap, sink ?? new RecordingSink());
    }

    /// <summary>Waits for something that has no notice of its own.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            await tick.WaitForNextTickAsync(limit.Token);
        }
    }

    public static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Chain.DisposeAsync();
        _stop.Dispose();
    }
}
