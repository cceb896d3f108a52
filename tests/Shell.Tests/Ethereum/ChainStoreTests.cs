using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Transactions;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

public sealed class ChainStoreTests : IDisposable
{
    private const string ChainOne = """{"jsonrpc":"2.0","id":1,"result":"0x1"}""";
    private static readonly byte[] Contract = [.. Enumerable.Repeat((byte)7, 20)];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task StoreOfAnotherContractIsRefused()
    {
        await using (Open(Options))
        {
        }

        var problem = Assert.Throws<EthereumSetupException>(() => Open(Options with { Contract = new byte[20] }));
        Assert.Contains(Hex.Bytes(Contract), problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StoreOfAnotherAccountIsRefused()
    {
        await using (Open(Options))
        {
        }

        Assert.Throws<EthereumSetupException>(() => Open(Options, account: 2));
    }

    [Fact]
    public async Task StoreOfAnotherChainIsRefused()
    {
        await using (var endpoint = FakeEndpoint.Http(ChainOne))
        await using (var running = RunningChain.Start(Options with { Url = endpoint.Url }, account: 1))
        {
            // The second answer is not to its request, so it goes no further than the chain id.
            await RunningChain.UntilAsync(() => running.Chain.Health.LastError.Length > 0);
        }

        var problem = Assert.Throws<EthereumSetupException>(() => Open(Options with { ChainId = 2 }));
        Assert.Contains("was made for chain id 1, not 2", problem.Message, StringComparison.Ordinal);
        await using var same = Open(Options with { ChainId = 1 });
    }

    [Fact]
    public async Task MistypedChainIdDoesNotBecomeTheStores()
    {
        await using var endpoint = FakeEndpoint.Http(ChainOne);
        await using (var running = RunningChain.Start(Options with { Url = endpoint.Url, ChainId = 2 }, account: 1))
        {
            var problem = await Assert.ThrowsAsync<EthereumSetupException>(() => running.Run);
            Assert.Contains("serves chain 1, the configuration says 2", problem.Message, StringComparison.Ordinal);
        }

        await using var corrected = Open(Options with { ChainId = 1 });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CallsAreFoundAfterAKill(bool isCalled)
    {
        var killed = _folder.Store + ".killed";
        await using (var chain = Open(Options))
        {
            if (isCalled)
            {
                await chain.SubmitAsync(new ChainCall(7, "deposit", [new ChainStep(Contract, new byte[32], new byte[4])]), default);
            }

            foreach (var suffix in (string[])["", "-wal"])
            {
                File.Copy(_folder.Store + suffix, killed + suffix);
            }
        }

        Assert.Equal(isCalled, EthereumChain.HeldCalls(killed));
    }

    [Fact]
    public void WhatIsNoStoreMayHoldCalls()
    {
        File.WriteAllText(_folder.Store, new string('x', 10_000));
        Assert.True(EthereumChain.HeldCalls(_folder.Store));
    }

    [Fact]
    public async Task StoreInUseIsRefused()
    {
        await using var first = Open(Options);
        var problem = Assert.Throws<EthereumSetupException>(() => Open(Options));
        Assert.Contains("another process", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FileThatIsNoStoreIsRefused()
    {
        File.WriteAllText(_folder.Store, new string('x', 10_000));
        Assert.Throws<EthereumSetupException>(() => Open(Options));
    }

    [Fact]
    public void FolderThatCannotBeMadeIsNamed()
    {
        var folder = Path.Combine(Path.GetDirectoryName(_folder.Store)!, "a-file");
        File.WriteAllText(folder, string.Empty);
        var path = Path.Combine(folder, "chain.db");
        var problem = Assert.Throws<EthereumSetupException>(() => Open(Options with { StorePath = path }));
        Assert.Contains($"The folder {folder} cannot be made", problem.Message, StringComparison.Ordinal);
    }

    private EthereumOptions Options => RunningChain.Options(new Uri("http://127.0.0.1:1"), Contract, _folder.Store, 0);

    private static EthereumChain Open(EthereumOptions options, int account = 1) =>
        EthereumChain.Open(options, new KeyTransactionSigner(AnvilAccounts.Keys[account].Span));
}
