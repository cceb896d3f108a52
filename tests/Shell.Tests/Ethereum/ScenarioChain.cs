using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

/// <summary>The chain that file 20 of the vectors describes, replayed as far as a test asks.</summary>
public sealed class ScenarioChain : IAsyncLifetime
{
    private const ulong Gas = 3_000_000;
    private static readonly CancellationToken Never = CancellationToken.None;
    private Anvil? _anvil;
    private EthereumRpc _rpc = null!;
    private EthereumNode _node = null!;

    /// <summary>One line of text per thing compared, as pinned and as found.</summary>
    public sealed record Step(string Expected, string Actual);

    public Dictionary<string, IReadOnlyList<Step>> Replayed { get; } = [];

    public Deployment Contracts { get; private set; } = null!;

    /// <summary>The scenarios in order; none where the file is absent.</summary>
    public static IReadOnlyList<JsonElement> Vectors()
    {
        var path = Path.Combine(Repository.VectorsFolder, "nitro", "20-chain-scenarios.json");
        return File.Exists(path) ? [.. JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.GetProperty("vectors").EnumerateArray()] : [];
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_anvil is not null)
        {
            await _rpc.DisposeAsync();
            await _anvil.DisposeAsync();
        }
    }

    /// <summary>Deploys what the file's README names, on the first call.</summary>
    public async Task StartAsync()
    {
        if (_anvil is not null)
        {
            return;
        }

        await NpmInstall.EnsureAsync(Repository.DevnetFolder, Never);
        _anvil = await Anvil.StartAsync(
            new AnvilOptions { DevnetFolder = Repository.DevnetFolder, Hardfork = "shanghai", ChainId = 1337, TimestampSeconds = 1_700_000_000 }, Never);
        _rpc = EthereumRpc.Open(_anvil.Url, null, TimeSpan.FromSeconds(20), 1 << 24);
        _node = new EthereumNode(_rpc);
        var deployer = new DevnetWallet(_node, AnvilAccounts.Keys[0]);
        Contracts = await Deployment.DeployAsync(deployer, Repository.DevnetFolder, Never);
        await deployer.TransferTokenAsync(Contracts.Token.Address, new DevnetWallet(_node, AnvilAccounts.Keys[1]).Account, 1_000_000, Never);
    }

    public async Task ReplayToAsync(string id)
    {
        await StartAsync();
        foreach (var vector in Vectors())
        {
            var at = vector.GetProperty("id").GetString()!;
            if (!Replayed.ContainsKey(at))
            {
                var steps = new List<Step>();
                foreach (var step in vector.GetProperty("expected").GetProperty("steps").EnumerateArray())
                {
                    await ReplayAsync(step, steps);
                }

                Replayed[at] = steps;
            }

            if (at == id)
            {
                return;
            }
        }
    }

    private async Task ReplayAsync(JsonElement step, List<Step> found)
    {
        var to = Hex.Parse(Text(step, "to"));
        var data = Hex.Parse(Text(step, "calldata"));
        var label = Text(step, "label");
        if (Text(step, "kind") == "view")
        {
            var answer = await _node.CallAsync(new CallRequest(null, to, BigInteger.Zero, data), "latest", Never);
            found.Add(new Step($"{label}: {Text(step, "returnData")}", $"{label}: {Hex.Bytes(answer.Span)}"));
            return;
        }

        var value = BigInteger.Parse(Text(step, "value"), CultureInfo.InvariantCulture);
        var sender = AnvilAccounts.Keys.Select(key => new DevnetWallet(_node, key)).Single(wallet => Hex.Bytes(wallet.Account.Span) == Text(step, "from"));
        var reverts = Text(step, "kind") == "revert";
        if (reverts)
        {
            found.Add(new Step(
                $"{label}: {Text(step, "revertReason")} {Text(step, "revertData")}",
                $"{label}: {await RevertAsync(new CallRequest(sender.Account, to, value, data), step.GetProperty("timestamp").GetInt64())}"));
        }
        else
        {
            await _rpc.CallAsync("evm_setNextBlockTimestamp", writer => writer.WriteNumberValue(step.GetProperty("timestamp").GetInt64()), Never);
        }

        var receipt = await sender.MineAsync(to, value, data, Gas, Never);
        var time = (await _node.HeaderAsync(receipt.Height, Never))!.TimeSeconds;
        if (reverts)
        {
            found.Add(new Step($"{label}: False {step.GetProperty("timestamp")}", $"{label}: {receipt.Succeeded} {time}"));
            return;
        }

        found.Add(new Step(
            $"{label}: {step.GetProperty("success").GetBoolean()} {step.GetProperty("timestamp")} block {step.GetProperty("blockNumber")} gas {Text(step, "gasUsed")}",
            $"{label}: {receipt.Succeeded} {time} block {receipt.Height} gas {receipt.GasUsed}"));
        found.Add(new Step(
            string.Join('\n', step.GetProperty("logs").EnumerateArray().Select(Expected)),
            string.Join('\n', receipt.Logs.Select(Found))));
        foreach (var channel in step.GetProperty("after").EnumerateObject())
        {
            await CompareChannelAsync($"{label}, {channel.Name}", channel.Value, found);
        }
    }

    /// <summary>Simulates in the block to come, so that time-outs count as they will.</summary>
    private async Task<string> RevertAsync(CallRequest call, long timestamp)
    {
        await _rpc.CallAsync("evm_setNextBlockTimestamp", writer => writer.WriteNumberValue(timestamp), Never);
        try
        {
            await _node.CallAsync(call, "pending", Never);
            return "no revert";
        }
        catch (NodeErrorException problem)
        {
            return $"{RevertReason.Decode(problem.RevertData.Span)} {Hex.Bytes(problem.RevertData.Span)}";
        }
    }

    private async Task CompareChannelAsync(string label, JsonElement channel, List<Step> found)
    {
        var id = Hex.Parse(Text(channel, "channelId"));
        var status = await ViewAsync([.. Hex.Parse("0xc7df14e2"), .. id]);
        var unpacked = await ViewAsync([.. Hex.Parse("0x552cfa50"), .. id]);
        found.Add(new Step(
            $"{label}: {Text(channel, "status")} {Text(channel, "turnNumRecord")} {Text(channel, "finalizesAt")} {Text(channel, "fingerprint")}",
            $"{label}: {Hex.Bytes(status.Span)} {Number(unpacked, 0)} {Number(unpacked, 1)} {Hex.Bytes(unpacked.Span[76..96])}"));
        foreach (var holdings in channel.GetProperty("holdings").EnumerateObject())
        {
            var held = await ViewAsync([.. Hex.Parse("0x166e56cd"), .. new byte[12], .. Hex.Parse(holdings.Name), .. id]);
            found.Add(new Step($"{label} {holdings.Name}: {holdings.Value.GetString()}", $"{label} {holdings.Name}: {Number(held, 0)}"));
        }
    }

    private Task<ReadOnlyMemory<byte>> ViewAsync(byte[] data) =>
        _node.CallAsync(new CallRequest(null, Contracts.NitroAdjudicator.Address, BigInteger.Zero, data), "latest", Never);

    private static BigInteger Number(ReadOnlyMemory<byte> words, int at) => new(words.Span.Slice(at * 32, 32), isUnsigned: true, isBigEndian: true);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static string Expected(JsonElement log) =>
        $"{log.GetProperty("logIndex")} {Text(log, "address")} {string.Join(' ', log.GetProperty("topics").EnumerateArray())} {Text(log, "data")}";

    private static string Found(EmittedLog log) =>
        $"{log.Log.LogIndex} {Hex.Bytes(log.Address.Span)} {string.Join(' ', log.Log.Topics.Select(topic => Hex.Bytes(topic.Span)))} {Hex.Bytes(log.Log.Data.Span)}";
}
