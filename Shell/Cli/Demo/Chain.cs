using System.Numerics;
using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;

namespace Nitro.Cli.Demo;

/// <summary>The demo's chain: anvil with a block a second, the contracts, and money for the three parties.</summary>
internal sealed class Chain : IAsyncDisposable
{
    private const ulong Id = 1337;
    private const int MostResponseBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RequestTime = TimeSpan.FromSeconds(20);
    private readonly Anvil _anvil;
    private readonly DevnetWallet _bank;

    private Chain(Anvil anvil)
    {
        _anvil = anvil;
        Node = new EthereumNode(EthereumRpc.Open(anvil.Url, null, RequestTime, MostResponseBytes));
        _bank = new DevnetWallet(Node, AnvilAccounts.Keys[0]);
    }

    /// <summary>For questions to the chain.</summary>
    public EthereumNode Node { get; }

    /// <summary>For the host's configuration.</summary>
    public Uri Url => _anvil.WsUrl;

    /// <summary>For the host's configuration.</summary>
    public ulong ChainId => Id;

    /// <summary>Starts anvil on a free port.</summary>
    public static async Task<Chain> StartAsync(string devnetFolder, CancellationToken cancellationToken) =>
        new(await Anvil.StartAsync(
            new AnvilOptions { DevnetFolder = devnetFolder, ChainId = Id, BlockTime = TimeSpan.FromSeconds(1) }, cancellationToken));

    /// <summary>Puts the contracts and the test token on the chain.</summary>
    public Task<Deployment> DeployAsync(string devnetFolder, CancellationToken cancellationToken) =>
        Deployment.DeployAsync(_bank, devnetFolder, cancellationToken);

    /// <summary>Gives each account its ether and tokens, all in one block or two.</summary>
    public async Task FundAsync(ReadOnlyMemory<byte> token, IEnumerable<Grant> grants, CancellationToken cancellationToken)
    {
        var sent = new List<ReadOnlyMemory<byte>>();
        foreach (var grant in grants)
        {
            sent.Add(await _bank.SendAsync(grant.Account, grant.Wei, ReadOnlyMemory<byte>.Empty, null, cancellationToken));
            if (!grant.Tokens.IsZero)
            {
                byte[] transfer = [0xa9, 0x05, 0x9c, 0xbb, .. new byte[12], .. grant.Account.Span, .. Hex.Word(grant.Tokens)];
                sent.Add(await _bank.SendAsync(token, BigInteger.Zero, transfer, null, cancellationToken));
            }
        }

        foreach (var hash in sent)
        {
            while (await Node.ReceiptAsync(hash, cancellationToken) is not { Succeeded: true })
            {
                await Task.Delay(Poll, cancellationToken);
            }
        }
    }

    /// <summary>An account's wei.</summary>
    public Task<BigInteger> EtherAsync(ReadOnlyMemory<byte> account, CancellationToken cancellationToken) => Node.BalanceAsync(account, cancellationToken);

    /// <summary>An account's units of the test token.</summary>
    public Task<BigInteger> TokensAsync(ReadOnlyMemory<byte> token, ReadOnlyMemory<byte> account, CancellationToken cancellationToken) =>
        DevnetWallet.TokenBalanceAsync(Node, token, account, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Node.Rpc.DisposeAsync();
        await _anvil.DisposeAsync();
    }
}
