using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Transactions;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

public sealed class ChainStoreTests : IDisposable
{
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
        await using (Open(Options with { ChainId = 1 }))
        {
        }

        Assert.Throws<EthereumSetupException>(() => Open(Options with { ChainId = 2 }));
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
