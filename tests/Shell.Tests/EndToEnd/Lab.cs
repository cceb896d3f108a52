using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Nitro.Cli;
using Nitro.Cli.Demo;
using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;
using Nitro.Shell.Tests.Ethereum;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>A chain with five blocks a second and the contracts, shared by the tests of a class; each test builds a <see cref="World"/> of its own on it.</summary>
public sealed class Lab : IAsyncLifetime
{
    internal const ulong ChainId = 1337;
    internal static readonly BigInteger Grant = 10 * Amounts.Ether;
    internal static readonly BigInteger TokenGrant = 1_000;
    private static readonly TimeSpan BlockTime = TimeSpan.FromMilliseconds(200);
    private readonly string? _stateFile;
    private EthereumRpc _rpc = null!;
    private DevnetWallet _bank = null!;
    private Anvil? _anvil;

    /// <summary>For a class that never restarts its chain.</summary>
    public Lab()
        : this(null)
    {
    }

    /// <summary>With a state file the chain can be stopped and started again.</summary>
    internal Lab(string? stateFile) => _stateFile = stateFile;

    internal Uri Url { get; private set; } = null!;

    internal Uri WsUrl => new UriBuilder(Url) { Scheme = "ws" }.Uri;

    internal EthereumNode Node { get; private set; } = null!;

    internal Deployment Contracts { get; private set; } = null!;

    internal string Token => Hex.Bytes(Contracts.Token.Address.Span);

    public async Task InitializeAsync()
    {
        await NpmInstall.EnsureAsync(Repository.DevnetFolder, DevChain.Never);
        await StartChainAsync();
        _rpc = EthereumRpc.Open(Url, null, TimeSpan.FromSeconds(20), 1 << 26);
        Node = new EthereumNode(_rpc);
        _bank = new DevnetWallet(Node, AnvilAccounts.Keys[0]);
        Contracts = await Deployment.DeployAsync(_bank, Repository.DevnetFolder, DevChain.Never);
    }

    public async Task DisposeAsync()
    {
        await _rpc.DisposeAsync();
        await StopChainAsync();
    }

    /// <summary>The first start takes a free port, every other the same one again.</summary>
    internal async Task StartChainAsync()
    {
        _anvil = await Anvil.StartAsync(
            new AnvilOptions
            {
                DevnetFolder = Repository.DevnetFolder,
                ChainId = ChainId,
                BlockTime = BlockTime,
                StateFile = _stateFile,
                Port = Url?.Port ?? 0,
                StartTimeout = TimeSpan.FromSeconds(60),
            },
            DevChain.Never);
        Url = _anvil.Url;
    }

    internal async Task StopChainAsync()
    {
        if (_anvil is not null)
        {
            await _anvil.DisposeAsync();
            _anvil = null;
        }
    }

    /// <summary>Ether and tokens for each account, mined.</summary>
    internal async Task GrantAsync(IEnumerable<ReadOnlyMemory<byte>> accounts, CancellationToken cancellationToken)
    {
        var sent = new List<ReadOnlyMemory<byte>>();
        foreach (var account in accounts)
        {
            sent.Add(await _bank.SendAsync(account, Grant, ReadOnlyMemory<byte>.Empty, null, cancellationToken));
            byte[] transfer = [0xa9, 0x05, 0x9c, 0xbb, .. new byte[12], .. account.Span, .. Hex.Word(TokenGrant)];
            sent.Add(await _bank.SendAsync(Contracts.Token.Address, BigInteger.Zero, transfer, null, cancellationToken));
        }

        foreach (var hash in sent)
        {
            await Wait.UntilAsync(async () => await Node.ReceiptAsync(hash, cancellationToken) is { Succeeded: true }, cancellationToken);
        }
    }

    /// <summary>Any other party's deposit and every other thing an account can do.</summary>
    internal Task<BigInteger> TokensAsync(ReadOnlyMemory<byte> account, CancellationToken cancellationToken) =>
        DevnetWallet.TokenBalanceAsync(Node, Contracts.Token.Address, account, cancellationToken);

    /// <summary>A party's payout address and its chain account, gas added back: what it owns in all outside of channels, in wei.</summary>
    internal async Task<BigInteger> WealthAsync(Party party, long sinceBlock, CancellationToken cancellationToken)
    {
        var gas = await GasLedger.ReadAsync(Node, sinceBlock, [party.ChainAccount], cancellationToken);
        return await Node.BalanceAsync(party.Address, cancellationToken)
            + await Node.BalanceAsync(party.ChainAccount, cancellationToken)
            + gas[Hex.Bytes(party.ChainAccount.Span)].Wei;
    }

    /// <summary>What the adjudicator holds of the chain's coin.</summary>
    internal Task<BigInteger> HeldAsync(CancellationToken cancellationToken) =>
        Node.BalanceAsync(Contracts.NitroAdjudicator.Address, cancellationToken);

    internal static JsonElement Parse(ReadOnlyMemory<byte> json) => JsonSerializer.Deserialize<JsonElement>(json.Span);

    internal static string Text(BigInteger amount) => amount.ToString(CultureInfo.InvariantCulture);
}
