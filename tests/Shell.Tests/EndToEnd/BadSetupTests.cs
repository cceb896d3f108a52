using System.Text.Json.Nodes;
using Nitro.Cli;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>Operators' mistakes: the program does not start, and says on standard error what is wrong, why, and what to do.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class BadSetupTests(Lab lab) : IClassFixture<Lab>
{
    [Fact]
    public async Task AWrongConfigurationIsRefused()
    {
        await using var world = await World.BuildAsync(lab, "alice");
        var contracts = world.Config["contracts"]!.AsObject();
        world.Config["chian"] = new JsonObject();
        await RefusedAsync(world, "chian", "did you mean chain?");
        world.Config.Remove("chian");

        var app = contracts["virtualPaymentApp"]!.GetValue<string>();
        contracts["virtualPaymentApp"] = contracts["consensusApp"]!.GetValue<string>();
        await RefusedAsync(world, "contracts.virtualPaymentApp", "two contracts");
        contracts["virtualPaymentApp"] = app;

        File.SetUnixFileMode(world["alice"].ChannelKeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await RefusedAsync(world, world["alice"].ChannelKeyFile, "chmod 600");
        File.SetUnixFileMode(world["alice"].ChannelKeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await using var nothing = NodeProcess.Start(["node", "--config", world.ConfigFile + ".absent"]);
        Assert.Equal(1, await nothing.EndAsync(world.Token));
        Assert.Contains($"There is no configuration file {world.ConfigFile}.absent", nothing.Error);

        await using var bare = NodeProcess.Start(["node"]);
        Assert.Equal(1, await bare.EndAsync(world.Token));
        Assert.Contains("no configuration file was read: make nitro.json here, or name one with --config", bare.Error);
        await world.StartProcessAsync();
    }

    [Fact]
    public async Task AnotherChainOrAbsentContractsAreRefused()
    {
        await using var world = await World.BuildAsync(lab, "alice");
        world.Config["chain"]!["chainId"] = 5;
        await RefusedAsync(world, "serves chain 1337, the configuration says 5", "correct the URL or the chain id");
        world.Config["chain"]!["chainId"] = Lab.ChainId;

        world.Config["dataDirectory"] = world.DataDirectory + "2";
        var contracts = world.Config["contracts"]!.AsObject();
        foreach (var contract in (string[])["adjudicator", "consensusApp", "virtualPaymentApp"])
        {
            var address = contracts[contract]!.GetValue<string>();
            contracts[contract] = "0x00000000000000000000000000000000000000a1";
            await RefusedAsync(world, "There is no contract at 0x00000000000000000000000000000000000000a1", $"the {contract} in the configuration");
            contracts[contract] = address;
            Directory.Delete(world.DataDirectory + "2", recursive: true);
        }
    }

    [Fact]
    public async Task AFlippedBitInTheJournalIsNamedByItsPosition()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        await world.StartAsync();
        await world.OpenLedgerAsync("alice", "bob", Amounts.Ether, 0);
        await world.StopAsync();
        var file = Path.Combine(world.FolderOf(world["alice"]), "journal.db");
        var bytes = await File.ReadAllBytesAsync(file, world.Token);

        // A digit in the first record's JSON (SQLite fills its pages from the end), so that only the record's checksum can tell.
        var at = bytes.AsSpan().LastIndexOf("00000000"u8);
        Assert.True(at > 0);
        bytes[at] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, world.Token);
        world.Config["tenants"]!.AsObject().Remove("bob");

        await RefusedAsync(world, $"Record 0 of the journal {file} is damaged", "restore a backup");
    }

    private static async Task RefusedAsync(World world, params string[] said)
    {
        world.WriteConfig();
        await using var process = NodeProcess.Start(["node", "--config", world.ConfigFile]);
        Assert.True(await process.EndAsync(world.Token) == 1, process.Error);
        Assert.All(said, text => Assert.True(process.Error.Contains(text, StringComparison.OrdinalIgnoreCase), $"not told: {text}\n{process.Error}"));
        Assert.True(!process.Error.Contains("   at Nitro", StringComparison.Ordinal), process.Error);
        Assert.Empty(process.Output);
    }
}
