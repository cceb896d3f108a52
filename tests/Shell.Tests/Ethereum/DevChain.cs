using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

/// <summary>One anvil with the contracts, shared by the tests of a class. Blocks are mined by transactions and on demand only.</summary>
public sealed class DevChain : IAsyncLifetime
{
    public static readonly CancellationToken Never = CancellationToken.None;

    public Anvil Anvil { get; private set; } = null!;

    public EthereumRpc Rpc { get; private set; } = null!;

    public EthereumNode Node { get; private set; } = null!;

    public Deployment Contracts { get; private set; } = null!;

    public ReadOnlyMemory<byte> Adjudicator => Contracts.NitroAdjudicator.Address;

    public async Task InitializeAsync()
    {
        await NpmInstall.EnsureAsync(Repository.DevnetFolder, Never);
        Anvil = await Anvil.StartAsync(new AnvilOptions { DevnetFolder = Repository.DevnetFolder }, Never);
        Rpc = EthereumRpc.Open(Anvil.Url, null, TimeSpan.FromSeconds(10), 1 << 24);
        Node = new EthereumNode(Rpc);
        Contracts = await Deployment.DeployAsync(Wallet(0), Repository.DevnetFolder, Never);
    }

    public async Task DisposeAsync()
    {
        await Rpc.DisposeAsync();
        await Anvil.DisposeAsync();
    }

    public DevnetWallet Wallet(int account) => new(Node, AnvilAccounts.Keys[account]);

    public Task MineAsync(int blocks) => ControlAsync("anvil_mine", writer => writer.WriteStringValue(Hex.Quantity((ulong)blocks)));

    public Task AutomineAsync(bool on) => ControlAsync("evm_setAutomine", writer => writer.WriteBooleanValue(on));

    public Task ControlAsync(string method, Action<Utf8JsonWriter>? parameters = null) => Rpc.CallAsync(method, parameters, Never);

    /// <summary>Removes the newest blocks and mines as many empty ones in another way, so that hashes differ.</summary>
    public async Task ReorganiseAsync(int depth)
    {
        await ControlAsync("anvil_rollback", writer => writer.WriteNumberValue(depth));
        await ControlAsync("evm_increaseTime", writer => writer.WriteNumberValue(1000));
        await MineAsync(depth);
    }

    /// <summary>A channel id nobody has used.</summary>
    public static byte[] NewChannel() => [0xff, .. RandomNumberGenerator.GetBytes(31)];

    /// <summary>A native deposit into a channel.</summary>
    public ChainStep Deposit(byte[] channel, BigInteger expectedHeld, BigInteger amount) => new(Adjudicator, Hex.Word(amount), DepositData(channel, expectedHeld, amount));

    public static byte[] DepositData(byte[] channel, BigInteger expectedHeld, BigInteger amount) =>
        [.. Hex.Parse("0x2fb1d270"), .. new byte[32], .. channel, .. Hex.Word(expectedHeld), .. Hex.Word(amount)];

    /// <summary>Calldata of holdings(native asset, channel).</summary>
    public static byte[] HoldingsData(byte[] channel) => [.. Hex.Parse("0x166e56cd"), .. new byte[32], .. channel];

    public async Task<long> HeightAsync() => await Node.LatestHeightAsync(Never);
}
