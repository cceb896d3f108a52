using System.Text.Json;
using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Transactions;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

public sealed class TransactionTests(DevChain dev) : IClassFixture<DevChain>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task DepositIsMinedAndItsLogShownOnceAtDepth()
    {
        var channel = DevChain.NewChannel();
        await using var running = RunningChain.Start(await OptionsAsync(), account: 1);
        await running.Chain.SubmitAsync(new ChainCall(7, "deposit", [dev.Deposit(channel, 0, 5)]), DevChain.Never);
        await running.Chain.SubmitAsync(new ChainCall(7, "deposit", [dev.Deposit(channel, 0, 5)]), DevChain.Never);
        await MinedAsync(running, 1);
        Assert.Empty(running.Sink.Logs);
        await dev.MineAsync(2);
        var log = await running.Sink.FirstAsync<ChainLog>(_ => true);
        Assert.Equal(Hex.Bytes(channel), Hex.Bytes(log.Topics[1].Span));
        await dev.MineAsync(2);
        await running.Sink.ReachedAsync(log.Height + 2);
        Assert.Single(running.Sink.Logs);
        Assert.Single(running.Tap.Raw.Distinct());
        Assert.Equal(0, running.Chain.Health.PendingCalls);
        Assert.Equal(string.Empty, running.Chain.Health.LastError);
    }

    [Fact]
    public async Task EffectIdUsedAnewForAnotherCallIsSentToo()
    {
        var (first, second) = (DevChain.NewChannel(), DevChain.NewChannel());
        await using var running = RunningChain.Start(await OptionsAsync(), account: 1);
        await running.Chain.SubmitAsync(new ChainCall(7, "deposit", [dev.Deposit(first, 0, 5)]), DevChain.Never);
        await MinedAsync(running, 1); // A journal that went back gives the same id to something else.
        await running.Chain.SubmitAsync(new ChainCall(7, "deposit", [dev.Deposit(second, 0, 6)]), DevChain.Never);
        await MinedAsync(running, 2);
        await dev.MineAsync(2);
        await running.Sink.FirstAsync<ChainLog>(log => log.Topics[1].Span.SequenceEqual(second));
    }

    [Fact]
    public async Task KilledBeforeBroadcastSendsTheSameBytesAfterRestart()
    {
        var options = await OptionsAsync();
        var channel = DevChain.NewChannel();
        IReadOnlyList<string> first;
        await using (var running = RunningChain.Start(options, account: 2, prepare: tap => tap.Passes = method => method != "eth_sendRawTransaction"))
        {
            await running.Chain.SubmitAsync(new ChainCall(1, "deposit", [dev.Deposit(channel, 0, 5)]), DevChain.Never);
            await RunningChain.UntilAsync(() => running.Tap.Raw.Count > 0);
            first = running.Tap.Raw;
        }

        await using var again = RunningChain.Start(options, account: 2);
        await MinedAsync(again, 1);
        Assert.Equal(first[0], again.Tap.Raw[0]);
        Assert.Single(first.Concat(again.Tap.Raw).Distinct());
    }

    [Fact]
    public async Task KilledAfterBroadcastSendsNothingNew()
    {
        var options = await OptionsAsync();
        var channel = DevChain.NewChannel();
        await dev.AutomineAsync(false);
        string raw;
        await using (var running = RunningChain.Start(options, account: 2))
        {
            await running.Chain.SubmitAsync(new ChainCall(1, "deposit", [dev.Deposit(channel, 0, 5)]), DevChain.Never);
            await RunningChain.UntilAsync(() => running.Tap.Raw.Count > 0);
            raw = running.Tap.Raw[0];
        }

        await using var again = RunningChain.Start(options, account: 2);
        await again.Chain.SubmitAsync(new ChainCall(1, "deposit", [dev.Deposit(channel, 0, 5)]), DevChain.Never);
        await RunningChain.UntilAsync(() => again.Tap.Raw.Count > 0);
        await dev.AutomineAsync(true);
        await dev.MineAsync(3);
        await again.Sink.FirstAsync<ChainLog>(_ => true);
        Assert.Equal([raw], again.Tap.Raw.Distinct());
    }

    [Fact]
    public async Task CallThatWouldRevertIsRefusedWithItsReasonAndNotSent()
    {
        await using var running = RunningChain.Start(await OptionsAsync(), account: 3);
        await running.Chain.SubmitAsync(new ChainCall(9, "deposit", [dev.Deposit(DevChain.NewChannel(), 1, 5)]), DevChain.Never);
        var refusal = await running.Sink.FirstAsync<ChainRefusal>(_ => true);
        Assert.Equal(new ChainRefusal(9, "held != expectedHeld", false), refusal);
        Assert.Empty(running.Tap.Raw);
        Assert.Equal(0, running.Chain.Health.PendingCalls);
    }

    [Fact]
    public async Task RefusalIsToldAgainToWhoeverAsksAgain()
    {
        var options = await OptionsAsync();
        var call = new ChainCall(9, "deposit", [dev.Deposit(DevChain.NewChannel(), 1, 5)]);
        await using (var running = RunningChain.Start(options, account: 3))
        {
            await running.Chain.SubmitAsync(call, DevChain.Never);
            await running.Sink.FirstAsync<ChainRefusal>(_ => true);
        }

        await using var again = RunningChain.Start(options, account: 3);
        await again.Chain.SubmitAsync(call, DevChain.Never);
        await again.Sink.FirstAsync<ChainRefusal>(refusal => refusal.EffectId == 9);
    }

    [Fact]
    public async Task CallThatRevertsWhenMinedIsRefusedAtDepth()
    {
        // Both deposits pass their simulation; whichever is mined second finds other holdings than it expects.
        var channel = DevChain.NewChannel();
        var options = await OptionsAsync();
        await dev.AutomineAsync(false);
        await using var running = RunningChain.Start(options, account: 4);
        await running.Chain.SubmitAsync(new ChainCall(1, "first", [dev.Deposit(channel, 0, 5)]), DevChain.Never);
        await running.Chain.SubmitAsync(new ChainCall(2, "second", [dev.Deposit(channel, 0, 5)]), DevChain.Never);
        await RunningChain.UntilAsync(() => running.Tap.Raw.Distinct().Count() == 2);
        await dev.AutomineAsync(true);
        await dev.MineAsync(1);
        await MinedAsync(running, 2);
        Assert.Empty(running.Sink.Notices.OfType<ChainRefusal>());
        await dev.MineAsync(2);
        Assert.Equal(new ChainRefusal(2, "held != expectedHeld", true), await running.Sink.FirstAsync<ChainRefusal>(_ => true));
    }

    [Fact]
    public async Task NextStepWaitsForTheOneBefore()
    {
        var channel = DevChain.NewChannel();
        var options = await OptionsAsync();
        await dev.AutomineAsync(false);
        await using var running = RunningChain.Start(options, account: 5);
        await running.Chain.SubmitAsync(new ChainCall(1, "two", [dev.Deposit(channel, 0, 5), dev.Deposit(channel, 5, 6)]), DevChain.Never);
        await RunningChain.UntilAsync(() => running.Tap.Raw.Count > 0);
        Assert.Single(running.Tap.Raw.Distinct());
        await dev.AutomineAsync(true);
        await MiningUntilAsync(() => running.Chain.Health.Transactions == 2);
        await dev.MineAsync(2);
        await RunningChain.UntilAsync(() => running.Sink.Logs.Count == 2);
        Assert.Empty(running.Sink.Notices.OfType<ChainRefusal>());
    }

    [Fact]
    public async Task UnminedTransactionIsReplacedWithAHigherFee()
    {
        var options = await OptionsAsync() with { BumpAfterBlocks = 2 };
        await dev.AutomineAsync(false);

        // The first one gets lost on its way, and blocks go by without it.
        await using var running = RunningChain.Start(options, account: 6, prepare: tap => tap.Answers = (method, request) =>
            method == "eth_sendRawTransaction" && request.GetProperty("params")[0].GetString() == tap.Raw[0]
                ? $"\"result\":\"{Hex.Bytes(new byte[32])}\""
                : null);
        await running.Chain.SubmitAsync(new ChainCall(1, "deposit", [dev.Deposit(DevChain.NewChannel(), 0, 5)]), DevChain.Never);
        await RunningChain.UntilAsync(() => running.Tap.Raw.Count > 0);
        await dev.MineAsync(2);
        await RunningChain.UntilAsync(() => running.Tap.Raw.Distinct().Count() == 2);
        await dev.AutomineAsync(true);
        await dev.MineAsync(1);
        await MinedAsync(running, 1);
        Assert.Equal(2, running.Tap.Raw.Distinct().Count());
    }

    [Fact]
    public async Task NonceTakenByAForeignTransactionIsSignedAnew()
    {
        var channel = DevChain.NewChannel();
        var options = await OptionsAsync();
        await using (var running = RunningChain.Start(options, account: 7, prepare: tap => tap.Passes = method => method != "eth_sendRawTransaction"))
        {
            await running.Chain.SubmitAsync(new ChainCall(1, "deposit", [dev.Deposit(channel, 0, 5)]), DevChain.Never);
            await RunningChain.UntilAsync(() => running.Tap.Raw.Count > 0);
        }

        await dev.Wallet(7).TransferEtherAsync(new byte[20], 1, DevChain.Never);
        await dev.MineAsync(2);
        await using var again = RunningChain.Start(options, account: 7);
        await MinedAsync(again, 1);
        await dev.MineAsync(2);
        Assert.Equal(Hex.Bytes(channel), Hex.Bytes((await again.Sink.FirstAsync<ChainLog>(_ => true)).Topics[1].Span));
    }

    [Fact]
    public async Task ForgottenCallIsNotSent()
    {
        await using var running = RunningChain.Start(await OptionsAsync(), new SilentSigner());
        await running.Chain.SubmitAsync(new ChainCall(1, "deposit", [dev.Deposit(DevChain.NewChannel(), 0, 5)]), DevChain.Never);
        await RunningChain.UntilAsync(() => running.Tap.Requests("eth_estimateGas").Count > 0);
        Assert.Equal(1, running.Chain.Health.PendingCalls);
        await running.Chain.ForgetAsync(1, DevChain.Never);
        Assert.Equal(0, running.Chain.Health.PendingCalls);
        Assert.Empty(running.Tap.Raw);
    }

    [Fact]
    public async Task SilentSignerDoesNotStopTheFollower()
    {
        var options = await OptionsAsync();
        await using var running = RunningChain.Start(options, new SilentSigner());
        await running.Chain.SubmitAsync(new ChainCall(1, "deposit", [dev.Deposit(DevChain.NewChannel(), 0, 5)]), DevChain.Never);
        await RunningChain.UntilAsync(() => running.Tap.Requests("eth_estimateGas").Count > 0);
        await dev.MineAsync(5);
        await running.Sink.ReachedAsync(options.StartHeight + 2);
    }

    [Fact]
    public async Task SixteenCallsAreInFlightTogether()
    {
        var options = await OptionsAsync();
        await dev.AutomineAsync(false);
        await using var running = RunningChain.Start(options, account: 8);
        for (var effect = 1; effect <= 20; effect++)
        {
            await running.Chain.SubmitAsync(new ChainCall(effect, "deposit", [dev.Deposit(DevChain.NewChannel(), 0, 5)]), DevChain.Never);
        }

        await RunningChain.UntilAsync(() => running.Tap.Raw.Distinct().Count() == 16);
        await dev.MineAsync(1);
        await RunningChain.UntilAsync(() => running.Tap.Raw.Distinct().Count() == 20);
        await dev.AutomineAsync(true);
        await dev.MineAsync(3);
        await RunningChain.UntilAsync(() => running.Sink.Logs.Count == 20);
    }

    [Fact]
    public async Task ReadIsAnsweredAtAFinalBlockByHash()
    {
        var channel = DevChain.NewChannel();
        var options = await OptionsAsync();
        await dev.Wallet(9).MineAsync(dev.Adjudicator, 5, DevChain.DepositData(channel, 0, 5), null, DevChain.Never);
        await dev.MineAsync(2);
        var final = await dev.HeightAsync() - 2;
        await using var running = RunningChain.Start(options, account: 9);
        await running.Chain.ReadAsync(new ChainRead(3, dev.Adjudicator, DevChain.HoldingsData(channel)), DevChain.Never);
        var answer = await running.Sink.FirstAsync<ChainReadResult>(_ => true);
        Assert.Equal((3, final), (answer.EffectId, answer.Height));
        Assert.Equal(Hex.Bytes(Hex.Word(5)), Hex.Bytes(answer.Answer.Span));
        Assert.Equal((await dev.Node.HeaderAsync(final, DevChain.Never))!.Hash.ToArray(), answer.BlockHash.ToArray());
        Assert.IsType<ChainLog>(running.Sink.Notices[0]);
    }

    [Fact]
    public async Task ReadWorksWithoutEip1898()
    {
        var channel = DevChain.NewChannel();
        await dev.MineAsync(3);
        await using var running = RunningChain.Start(await OptionsAsync() with { StartHeight = 1 }, account: 9, prepare: tap => tap.Answers = (method, request) =>
            method == "eth_call" && request.GetProperty("params")[1].ValueKind == JsonValueKind.Object
                ? "\"error\":{\"code\":-32602,\"message\":\"invalid argument 1\"}"
                : null);
        await running.Chain.ReadAsync(new ChainRead(3, dev.Adjudicator, DevChain.HoldingsData(channel)), DevChain.Never);
        var answer = await running.Sink.FirstAsync<ChainReadResult>(_ => true);
        Assert.Equal(32, answer.Answer.Length);
    }

    [Fact]
    public async Task FailingSignerIsAskedAgain()
    {
        var signer = new FailingSigner(failures: 2);
        await using var running = RunningChain.Start(await OptionsAsync(), signer);
        await running.Chain.SubmitAsync(new ChainCall(1, "deposit", [dev.Deposit(DevChain.NewChannel(), 0, 5)]), DevChain.Never);
        await MinedAsync(running, 1);
        Assert.Equal(3, signer.Asked);
    }

    [Fact]
    public async Task AccountWithoutFundsIsReportedAndWaitedFor()
    {
        var key = new byte[32];
        key[31] = 0x77;
        key[0] = 0x11;
        var signer = new KeyTransactionSigner(key);
        await using var running = RunningChain.Start(await OptionsAsync(), signer);
        await running.Chain.SubmitAsync(new ChainCall(1, "deposit", [dev.Deposit(DevChain.NewChannel(), 0, 5)]), DevChain.Never);
        await RunningChain.UntilAsync(() => running.Chain.Health.LastError.Contains(Hex.Bytes(signer.Account.Span), StringComparison.Ordinal));
        await dev.Wallet(9).TransferEtherAsync(signer.Account, 1_000_000_000 * EthereumOptions.Gwei, DevChain.Never);
        await MinedAsync(running, 1);
        Assert.Empty(running.Sink.Notices.OfType<ChainRefusal>());
    }

    [Fact]
    public async Task ReorganisedTransactionIsSentAgain()
    {
        var channel = DevChain.NewChannel();
        await using var running = RunningChain.Start(await OptionsAsync(), account: 3);
        await running.Chain.SubmitAsync(new ChainCall(1, "deposit", [dev.Deposit(channel, 0, 5)]), DevChain.Never);
        await MinedAsync(running, 1);
        await dev.ReorganiseAsync(1);
        await dev.MineAsync(1);
        await MiningUntilAsync(() => running.Sink.Logs.Count == 1);
        Assert.Equal(Hex.Bytes(channel), Hex.Bytes(running.Sink.Logs[0].Topics[1].Span));
        Assert.Empty(running.Sink.Notices.OfType<ChainRefusal>());
    }

    private async Task<EthereumOptions> OptionsAsync()
    {
        await dev.AutomineAsync(true);
        return RunningChain.Options(dev.Anvil.Url, dev.Adjudicator, _folder.Store, await dev.HeightAsync() + 1);
    }

    /// <summary>Blocks go on meanwhile, as on any chain: what comes while one is made may have to wait for the next.</summary>
    private Task MiningUntilAsync(Func<bool> condition) =>
        RunningChain.UntilAsync(() => dev.MineAsync(1).ContinueWith(mined => mined.IsCompletedSuccessfully && condition(), TaskScheduler.Default));

    private static Task MinedAsync(RunningChain running, int transactions) =>
        RunningChain.UntilAsync(() => running.Chain.Health.Transactions == transactions);
}
