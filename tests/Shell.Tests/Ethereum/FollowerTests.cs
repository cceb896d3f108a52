using System.Diagnostics;
using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

public sealed class FollowerTests(DevChain dev) : IClassFixture<DevChain>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("http")]
    [InlineData("ws")]
    public async Task LogsComeInOrderOverEitherTransport(string scheme)
    {
        var options = await OptionsAsync();
        options = scheme == "http" ? options : options with { Url = dev.Anvil.WsUrl, ReconcileInterval = TimeSpan.FromHours(1) };
        await using var running = RunningChain.Start(options, account: 1);
        var channels = await DepositsAsync(3);
        await dev.MineAsync(2);
        await RunningChain.UntilAsync(() => running.Sink.Logs.Count == 3);
        Assert.Equal(channels, running.Sink.Logs.Select(ChannelOf));
    }

    [Fact]
    public async Task NothingIsShownBeforeItsDepth()
    {
        var options = await OptionsAsync() with { Confirmations = 3 };
        await using var running = RunningChain.Start(options, account: 1);
        await DepositsAsync(1);
        await dev.MineAsync(2);
        await RunningChain.UntilAsync(() => running.Chain.Health.LatestHeight == options.StartHeight + 2);
        Assert.Empty(running.Sink.Logs);
        await dev.MineAsync(1);
        Assert.Equal(options.StartHeight, (await running.Sink.FirstAsync<ChainLog>(_ => true)).Height);
    }

    [Fact]
    public async Task ZeroConfirmationsShowTheNewestBlock()
    {
        var options = await OptionsAsync() with { Confirmations = 0 };
        await using var running = RunningChain.Start(options, account: 1);
        await DepositsAsync(1);
        Assert.Equal(await dev.HeightAsync(), (await running.Sink.FirstAsync<ChainLog>(_ => true)).Height);
    }

    [Fact]
    public async Task AnEndpointThatIsWellAgainIsAskedWithinSeconds()
    {
        // So long a first wait stands for trouble that has lasted: what counts is where the doubling ends.
        var usual = new EthereumOptions { Url = dev.Anvil.Url, Contract = dev.Adjudicator, StorePath = _folder.Store };
        var options = await OptionsAsync() with { MinBackoff = TimeSpan.FromHours(1), MaxBackoff = usual.MaxBackoff };
        var asked = 0;
        var began = Stopwatch.StartNew();
        await using var running = RunningChain.Start(
            options, account: 1, prepare: tap => tap.Answers = (_, _) => asked++ == 0 ? "\"result\":\"0xzz\"" : null);
        await RunningChain.UntilAsync(() => running.Chain.Health.LastError.Length > 0);

        await RunningChain.UntilAsync(() => running.Chain.Health is { LastError: "", LatestHeight: >= 0 });

        Assert.True(began.Elapsed < TimeSpan.FromSeconds(10), $"{began.Elapsed}");
    }

    [Fact]
    public async Task ReorganisationAboveTheDepthGoesUnseen()
    {
        var options = await OptionsAsync();
        await using var running = RunningChain.Start(options, account: 1);
        await dev.MineAsync(3);
        await running.Sink.ReachedAsync(await dev.HeightAsync() - 2);
        await DepositsAsync(1);
        await dev.ReorganiseAsync(1);
        await dev.MineAsync(4);
        await running.Sink.ReachedAsync(await dev.HeightAsync() - 2);
        Assert.Empty(running.Sink.Logs);
        Assert.Empty(running.Sink.Notices.OfType<RecordingSink.Retracted>());
    }

    [Fact]
    public async Task DeeperReorganisationIsRetractedAndShownAnew()
    {
        var options = await OptionsAsync();
        await using var running = RunningChain.Start(options, account: 1);
        var kept = await DepositsAsync(1);
        var gone = await DepositsAsync(1);
        var goneAt = await dev.HeightAsync();
        await dev.MineAsync(3);
        await RunningChain.UntilAsync(() => running.Sink.Logs.Count == 2);
        await dev.ReorganiseAsync(4);
        Assert.Equal(goneAt, (await running.Sink.FirstAsync<RecordingSink.Retracted>(_ => true)).Height);
        var after = await DepositsAsync(1);
        await dev.MineAsync(2);
        await RunningChain.UntilAsync(() => running.Sink.Logs.Count == 3);
        Assert.Equal([kept[0], gone[0], after[0]], running.Sink.Logs.Select(ChannelOf));
        await running.Sink.ReachedAsync(goneAt + 3);
        await RunningChain.UntilAsync(() => running.Chain.Health.LastError.Length == 0);
    }

    [Fact]
    public async Task ReorganisationWhileStoppedIsRetractedAfterwards()
    {
        var options = await OptionsAsync();
        await DepositsAsync(1);
        var goneAt = await dev.HeightAsync();
        await dev.MineAsync(3);
        await using (var running = RunningChain.Start(options, account: 1))
        {
            await running.Sink.ReachedAsync(goneAt + 1);
        }

        await dev.ReorganiseAsync(4);
        await using var again = RunningChain.Start(options, account: 1);
        Assert.Equal(goneAt, (await again.Sink.FirstAsync<RecordingSink.Retracted>(_ => true)).Height);
    }

    [Fact]
    public async Task RestartGoesOnWhereTheSinkWas()
    {
        var options = await OptionsAsync();
        await DepositsAsync(1);
        await dev.MineAsync(2);
        await using (var running = RunningChain.Start(options, account: 1))
        {
            await running.Sink.ReachedAsync(await dev.HeightAsync() - 2);
            Assert.Single(running.Sink.Logs);
        }

        var later = await DepositsAsync(1);
        await dev.MineAsync(2);
        await using var again = RunningChain.Start(options, account: 1);
        await again.Sink.ReachedAsync(await dev.HeightAsync() - 2);
        Assert.Equal(later, again.Sink.Logs.Select(ChannelOf));
    }

    [Fact]
    public async Task StrangersLogsAreShownAsTheyAre()
    {
        // Anyone may use any channel through any contract or function: whatever it is, it is only bytes here.
        var options = await OptionsAsync();
        await using var running = RunningChain.Start(options, account: 1);
        await dev.Wallet(3).TransferTokenAsync(dev.Contracts.Token.Address, dev.Adjudicator, 0, DevChain.Never);
        await dev.Wallet(3).MineAsync(dev.Adjudicator, 1, DevChain.DepositData(DevChain.NewChannel(), 0, 1), null, DevChain.Never);
        await dev.MineAsync(2);
        var log = await running.Sink.FirstAsync<ChainLog>(_ => true);
        await running.Sink.ReachedAsync(log.Height);
        Assert.Single(running.Sink.Logs);
        Assert.Equal(string.Empty, running.Chain.Health.LastError);
    }

    [Fact]
    public async Task RangesRefusedAsTooLargeAreHalved()
    {
        await dev.MineAsync(40);
        var options = await OptionsAsync() with { StartHeight = 1 };
        await using var running = RunningChain.Start(options, account: 1, prepare: tap => tap.Answers = (method, request) =>
            method == "eth_getLogs" && Blocks(request) > 7 ? "\"error\":{\"code\":-32005,\"message\":\"query returned more than 10000 results\"}" : null);
        await running.Sink.ReachedAsync(await dev.HeightAsync() - 2);
        await using var direct = RunningChain.Start(options with { StorePath = options.StorePath + ".direct" }, account: 1);
        await direct.Sink.ReachedAsync(await dev.HeightAsync() - 2);
        Assert.Equal(direct.Sink.Logs.Select(ChannelOf), running.Sink.Logs.Select(ChannelOf));
    }

    [Theory]
    [InlineData("http")]
    [InlineData("ws")]
    public async Task NodeThatIsDownAndBackIsWaitedFor(string scheme)
    {
        var options = await OptionsAsync() with { Url = scheme == "ws" ? dev.Anvil.WsUrl : dev.Anvil.Url };
        await using var running = RunningChain.Start(options, account: 1, prepare: tap => tap.Passes = _ => false);
        await RunningChain.UntilAsync(() => running.Chain.Health.LastError.Length > 0);
        Assert.False(running.Chain.Health.Connected);
        running.Tap.Passes = _ => true;
        await dev.MineAsync(3);
        await running.Sink.ReachedAsync(options.StartHeight);
        running.Tap.Passes = _ => false;
        await RunningChain.UntilAsync(() => running.Chain.Health.LastError.Length > 0);
        await DepositsAsync(1);
        await dev.MineAsync(2);
        running.Tap.Passes = _ => true;
        await running.Sink.FirstAsync<ChainLog>(_ => true);
        await RunningChain.UntilAsync(() => running.Chain.Health is { Connected: true, LastError.Length: 0 });
    }

    [Fact]
    public async Task NodeBehindIsWaitedForNotRetracted()
    {
        var options = await OptionsAsync();
        await dev.MineAsync(5);
        await using var running = RunningChain.Start(options, account: 1);
        await running.Sink.ReachedAsync(await dev.HeightAsync() - 2);
        var behind = Hex.Quantity((ulong)await dev.HeightAsync() - 4);
        running.Tap.Answers = (method, _) => method == "eth_blockNumber" ? $"\"result\":\"{behind}\"" : null;
        await RunningChain.UntilAsync(() => running.Chain.Health.LastError.Contains("waiting for it to catch up", StringComparison.Ordinal));
        running.Tap.Answers = (_, _) => null;
        await RunningChain.UntilAsync(() => running.Chain.Health.LastError.Length == 0);
        Assert.Empty(running.Sink.Notices.OfType<RecordingSink.Retracted>());
    }

    [Fact]
    public async Task OtherChainIsRefused()
    {
        await using var running = RunningChain.Start(await OptionsAsync() with { ChainId = 1 }, account: 1);
        var problem = await Assert.ThrowsAsync<EthereumSetupException>(() => running.Run);
        Assert.Contains("1337", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddressWithoutContractIsRefused()
    {
        var nowhere = new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 };
        await using var running = RunningChain.Start(await OptionsAsync() with { Contract = nowhere, StartHeight = 0 }, account: 1);
        var problem = await Assert.ThrowsAsync<EthereumSetupException>(() => running.Run);
        Assert.Contains(Hex.Bytes(nowhere), problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NodeThatRefusesSubscriptionsIsPolled()
    {
        var options = await OptionsAsync() with { Url = dev.Anvil.WsUrl, ReconcileInterval = TimeSpan.FromHours(1) };
        await using var running = RunningChain.Start(options, account: 1, prepare: tap => tap.Answers = (method, _) =>
            method == "eth_subscribe" ? "\"error\":{\"code\":-32601,\"message\":\"method not found\"}" : null);
        await RunningChain.UntilAsync(() => running.Tap.Requests("eth_subscribe").Count > 0);
        await DepositsAsync(1);
        await dev.MineAsync(2);
        await running.Sink.FirstAsync<ChainLog>(_ => true);
    }

    [Fact]
    public async Task SinkThatFailsEndsTheRunWithItsError()
    {
        var options = await OptionsAsync();
        await dev.MineAsync(3);
        await using var chain = EthereumChain.Open(options, new Nitro.Ethereum.Transactions.KeyTransactionSigner(AnvilAccounts.Keys[1].Span));
        await Assert.ThrowsAsync<JournalException>(() => chain.RunAsync(new BrokenSink(), DevChain.Never));
    }

    private static long Blocks(System.Text.Json.JsonElement request)
    {
        var filter = request.GetProperty("params")[0];
        Assert.True(Hex.TryQuantity(filter.GetProperty("fromBlock").GetString(), out var from));
        Assert.True(Hex.TryQuantity(filter.GetProperty("toBlock").GetString(), out var to));
        return (long)(to - from) + 1;
    }

    private static string ChannelOf(ChainLog log) => Hex.Bytes(log.Topics[1].Span);

    private async Task<EthereumOptions> OptionsAsync() =>
        RunningChain.Options(dev.Anvil.Url, dev.Adjudicator, _folder.Store, await dev.HeightAsync() + 1);

    /// <summary>Deposits of one wei, a block each; returns their channels.</summary>
    private async Task<List<string>> DepositsAsync(int count)
    {
        var channels = new List<string>();
        for (var at = 0; at < count; at++)
        {
            var channel = DevChain.NewChannel();
            await dev.Wallet(2).MineAsync(dev.Adjudicator, 1, DevChain.DepositData(channel, 0, 1), null, DevChain.Never);
            channels.Add(Hex.Bytes(channel));
        }

        return channels;
    }

    private sealed class BrokenSink : IChainSink
    {
        public ValueTask ShowedAsync(IReadOnlyList<ChainLog> logs, CancellationToken cancellationToken) => Fail();

        public ValueTask ReachedAsync(ChainHead head, CancellationToken cancellationToken) => Fail();

        public ValueTask RetractedAsync(long height, CancellationToken cancellationToken) => Fail();

        public ValueTask RefusedAsync(ChainRefusal refusal, CancellationToken cancellationToken) => Fail();

        public ValueTask ReadAsync(ChainReadResult result, CancellationToken cancellationToken) => Fail();

        private static ValueTask Fail() => throw new JournalException(JournalFailure.Permanent, "The journal is full.");
    }
}
