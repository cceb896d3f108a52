using System.Text.Json;
using Nitro.Devnet;
using Nitro.Ethereum;

namespace Nitro.Cli.Demo;

/// <summary>The temporary folder of one run: keys, and for each party configuration, journal and log.</summary>
internal sealed class DemoFolder
{
    private DemoFolder(string path) => Root = path;

    /// <summary>Its path; only the owner can enter.</summary>
    public string Root { get; }

    /// <summary>All logs there are.</summary>
    public IReadOnlyList<string> Logs => [.. Directory.EnumerateFiles(Root, "*.log").Order(StringComparer.Ordinal)];

    /// <summary>A node's standard error.</summary>
    public string Log(Party party) => Path.Combine(Root, $"{party.Name}.log");

    /// <summary>A node's configuration.</summary>
    public string Config(Party party) => Path.Combine(Root, $"{party.Name}.json");

    /// <summary>A node's journal and all else that it keeps.</summary>
    public string Data(Party party) => Path.Combine(Root, $"data-{party.Name}");

    /// <summary>The keys.</summary>
    public string Keys => Path.Combine(Root, "keys");

    /// <summary>Where a party's node waits for its signer.</summary>
    public string SignerSocket(Party party) => Path.Combine(Root, party.Name + ".sock");

    /// <summary>Where a party's signer attaches by way of a relay.</summary>
    public string RelaySocket(Party party) => Path.Combine(Root, party.Name + "-relay.sock");

    /// <summary>A signer's marks.</summary>
    public string SignerData(Party party) => Path.Combine(Root, $"signer-{party.Name}");

    /// <summary>A signer's standard error.</summary>
    public string SignerLog(Party party) => Path.Combine(Root, $"signer-{party.Name}.log");

    /// <summary>The npm folder of the repository that this program was built in.</summary>
    /// <exception cref="CliError">The program was moved out of it.</exception>
    public static string Devnet()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var devnet = Path.Combine(folder.FullName, "tests", "devnet");
            if (File.Exists(Path.Combine(devnet, "package-lock.json")))
            {
                return devnet;
            }
        }

        throw new CliError("The demo needs the folder tests/devnet of the repository for its chain: run ./nitro demo from a clone.");
    }

    /// <summary>A new folder.</summary>
    public static DemoFolder Create()
    {
        var folder = new DemoFolder(Directory.CreateTempSubdirectory("nitro-demo-").FullName);
        Directory.CreateDirectory(folder.Keys);
        return folder;
    }

    /// <summary>Writes a node's configuration: the chain, the contracts, its keys or its signer, its journal, and its place on the network.</summary>
    public async Task WriteConfigAsync(
        Party party, Chain chain, long startBlock, Deployment contracts, object network, bool remoteSigner, string? journal, CancellationToken cancellationToken)
    {
        var config = new Dictionary<string, object>
        {
            ["chain"] = new { url = chain.Url.ToString(), chainId = chain.ChainId, startBlock, confirmations = 2 },
            ["contracts"] = new
            {
                adjudicator = Hex.Bytes(contracts.NitroAdjudicator.Address.Span),
                consensusApp = Hex.Bytes(contracts.ConsensusApp.Address.Span),
                virtualPaymentApp = Hex.Bytes(contracts.VirtualPaymentApp.Address.Span),
            },
            ["dataDirectory"] = Data(party),
            ["rpc"] = new { listen = party.Listen },
            ["network"] = network,
            ["policy"] = new { minChallengeDuration = 0 },
            ["log"] = new { level = "info" },
        };
        if (journal is not null)
        {
            config["journal"] = journal;
        }

        if (remoteSigner)
        {
            config["signer"] = new { remote = new { listen = $"unix://{SignerSocket(party)}" } };
        }
        else
        {
            config["keys"] = new { channelKeyFile = party.ChannelKeyFile, chainKeyFile = party.ChainKeyFile };
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(config, new JsonSerializerOptions { WriteIndented = true });
        await File.WriteAllBytesAsync(Config(party), json, cancellationToken);
    }

    /// <summary>The last lines of a log.</summary>
    public static async Task<IReadOnlyList<string>> TailAsync(string log, int lines, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        var tail = new Queue<string>(lines);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (tail.Count == lines)
            {
                tail.Dequeue();
            }

            tail.Enqueue(line);
        }

        return [.. tail];
    }

    /// <summary>Removes the folder and all in it.</summary>
    public void Delete() => Directory.Delete(Root, recursive: true);
}
