using System.Text.Json;
using Nitro.Devnet;
using Nitro.Ethereum;

namespace Nitro.Cli.Demo;

/// <summary>The temporary folder of one run: keys, configuration, journals and the host's log.</summary>
internal sealed class DemoFolder
{
    private DemoFolder(string path) => Root = path;

    /// <summary>Its path; only the owner can enter.</summary>
    public string Root { get; }

    /// <summary>The host's standard error.</summary>
    public string Log => Path.Combine(Root, "host.log");

    /// <summary>The host's configuration.</summary>
    public string Config => Path.Combine(Root, "nitro.json");

    /// <summary>The keys.</summary>
    public string Keys => Path.Combine(Root, "keys");

    /// <summary>Where a party's signer attaches.</summary>
    public string SignerAddress(Party party) => $"unix://{Path.Combine(Root, party.Name + ".sock")}";

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

    /// <summary>Writes nitro.json: the chain, the contracts and a tenant for each party.</summary>
    public async Task WriteConfigAsync(Uri chainUrl, ulong chainId, long startBlock, Deployment contracts, IEnumerable<Party> parties, bool remoteSigner, CancellationToken cancellationToken)
    {
        var tenants = parties.ToDictionary(
            party => party.Name,
            party => remoteSigner
                ? (object)new { rpc = new { listen = party.Listen }, signer = new { remote = new { listen = SignerAddress(party) } } }
                : new
                {
                    rpc = new { listen = party.Listen },
                    keys = new { channelKeyFile = party.ChannelKeyFile, chainKeyFile = party.ChainKeyFile },
                });
        var config = new
        {
            chain = new { url = chainUrl.ToString(), chainId, startBlock, confirmations = 2 },
            contracts = new
            {
                adjudicator = Hex.Bytes(contracts.NitroAdjudicator.Address.Span),
                consensusApp = Hex.Bytes(contracts.ConsensusApp.Address.Span),
                virtualPaymentApp = Hex.Bytes(contracts.VirtualPaymentApp.Address.Span),
            },
            dataDirectory = Path.Combine(Root, "data"),
            policy = new { minChallengeDuration = 0 },
            tenants,
            log = new { level = "info" },
        };
        var json = JsonSerializer.SerializeToUtf8Bytes(config, new JsonSerializerOptions { WriteIndented = true });
        await File.WriteAllBytesAsync(Config, json, cancellationToken);
    }

    /// <summary>The last lines of the host's log.</summary>
    public async Task<IReadOnlyList<string>> LogTailAsync(int lines, CancellationToken cancellationToken)
    {
        if (!File.Exists(Log))
        {
            return [];
        }

        await using var stream = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
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
