using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

public sealed class RestartedChainTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ChainThatRestartsEmptyIsRetractedAndReported()
    {
        var old = await Anvil.StartAsync(new AnvilOptions { DevnetFolder = Repository.DevnetFolder }, DevChain.Never);
        await using var rpc = EthereumRpc.Open(old.Url, null, TimeSpan.FromSeconds(10), 1 << 24);
        var contracts = await Deployment.DeployAsync(new DevnetWallet(new EthereumNode(rpc), AnvilAccounts.Keys[0]), Repository.DevnetFolder, DevChain.Never);
        var options = RunningChain.Options(old.Url, contracts.NitroAdjudicator.Address, _folder.Store, 0);
        await using var running = RunningChain.Start(options, account: 1);
        await running.Sink.ReachedAsync(2);
        await old.DisposeAsync();
        await RunningChain.UntilAsync(() => !running.Chain.Health.Connected);

        await using var fresh = await Anvil.StartAsync(
            new AnvilOptions { DevnetFolder = Repository.DevnetFolder, Port = old.Port, TimestampSeconds = 1_600_000_000 }, DevChain.Never);
        Assert.Equal(0, (await running.Sink.FirstAsync<RecordingSink.Retracted>(_ => true)).Height);
        Assert.Contains("another chain", running.Chain.Health.LastError, StringComparison.Ordinal);
        Assert.False(running.Run.IsCompleted);

        // It goes on with the new chain, whatever that holds.
        await rpc.CallAsync("anvil_mine", writer => writer.WriteStringValue("0x5"), DevChain.Never);
        await running.Sink.FirstAsync<ChainHead>(head => head.TimeSeconds < 1_700_000_000 && head.Height >= 3);
    }

    [Fact]
    public async Task CallUnderWayIsSignedAnewForARestartedChain()
    {
        // The account has sent 4 transactions on the old chain, none on the new one: nonce 4 would wait there for ever.
        var old = await Anvil.StartAsync(new AnvilOptions { DevnetFolder = Repository.DevnetFolder }, DevChain.Never);
        await using var rpc = EthereumRpc.Open(old.Url, null, TimeSpan.FromSeconds(10), 1 << 24);
        var wallet = new DevnetWallet(new EthereumNode(rpc), AnvilAccounts.Keys[0]);
        var contracts = await Deployment.DeployAsync(wallet, Repository.DevnetFolder, DevChain.Never);
        var options = RunningChain.Options(old.Url, contracts.NitroAdjudicator.Address, _folder.Store, 0);
        await using var running = RunningChain.Start(options, account: 0, prepare: tap => tap.Passes = method => method != "eth_sendRawTransaction");
        await running.Sink.ReachedAsync(2);
        var payment = new ChainStep(Enumerable.Repeat((byte)0x42, 20).ToArray(), Hex.Word(5), ReadOnlyMemory<byte>.Empty);
        await running.Chain.SubmitAsync(new ChainCall(1, "payment", [payment]), DevChain.Never);
        await RunningChain.UntilAsync(() => running.Tap.Raw.Count > 0);
        await old.DisposeAsync();
        await RunningChain.UntilAsync(() => !running.Chain.Health.Connected);

        await using var fresh = await Anvil.StartAsync(
            new AnvilOptions { DevnetFolder = Repository.DevnetFolder, Port = old.Port, TimestampSeconds = 1_600_000_000 }, DevChain.Never);
        running.Tap.Passes = _ => true;
        await RunningChain.UntilAsync(async () =>
        {
            await rpc.CallAsync("anvil_mine", writer => writer.WriteStringValue("0x1"), DevChain.Never);
            return running.Chain.Health.Transactions == 1;
        });
        Assert.Equal(5, await DevnetWallet.EtherBalanceAsync(new EthereumNode(rpc), payment.To, DevChain.Never));
    }

    [Fact]
    public async Task StateFileCarriesTheChainAcrossARestart()
    {
        byte[] someone = [.. Enumerable.Repeat((byte)0x42, 20)];
        var options = new AnvilOptions { DevnetFolder = Repository.DevnetFolder, StateFile = Path.Combine(Path.GetDirectoryName(_folder.Store)!, "state.json") };
        await using (var first = await Anvil.StartAsync(options, DevChain.Never))
        {
            await using var rpc = EthereumRpc.Open(first.Url, null, TimeSpan.FromSeconds(10), 1 << 24);
            await new DevnetWallet(new EthereumNode(rpc), AnvilAccounts.Keys[0]).TransferEtherAsync(someone, 77, DevChain.Never);
        }

        await using var second = await Anvil.StartAsync(options, DevChain.Never);
        await using var again = EthereumRpc.Open(second.Url, null, TimeSpan.FromSeconds(10), 1 << 24);
        Assert.Equal(77, await DevnetWallet.EtherBalanceAsync(new EthereumNode(again), someone, DevChain.Never));
    }

    [Fact]
    public async Task PublishedKeysAreAnvilsAccounts()
    {
        await using var anvil = await Anvil.StartAsync(new AnvilOptions { DevnetFolder = Repository.DevnetFolder }, DevChain.Never);
        await using var rpc = EthereumRpc.Open(anvil.WsUrl, null, TimeSpan.FromSeconds(10), 1 << 24);
        var accounts = (await rpc.CallAsync("eth_accounts", null, DevChain.Never)).EnumerateArray().Select(account => account.GetString());
        Assert.Equal(accounts, AnvilAccounts.Keys.Select(key => Hex.Bytes(new DevnetWallet(new EthereumNode(rpc), key).Account.Span)));
    }

    [Fact]
    public async Task AnvilThatCannotStartSaysWhy()
    {
        await using var anvil = await Anvil.StartAsync(new AnvilOptions { DevnetFolder = Repository.DevnetFolder }, DevChain.Never);
        var problem = await Assert.ThrowsAsync<DevnetException>(
            () => Anvil.StartAsync(new AnvilOptions { DevnetFolder = Repository.DevnetFolder, Port = anvil.Port }, DevChain.Never));
        Assert.Contains("anvil", problem.Message, StringComparison.Ordinal);
    }
}
