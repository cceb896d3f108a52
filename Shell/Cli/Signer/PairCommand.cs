using System.CommandLine;
using Nitro.Cli.Node;
using Nitro.Host;
using Nitro.Host.Options;
using Nitro.Storage;

namespace Nitro.Cli.Signer;

/// <summary><c>nitro pair</c>: prints the code with which one signer elsewhere makes itself known to a node.</summary>
internal static class PairCommand
{
    private const int Minutes = 15;

    /// <summary>The command with its options.</summary>
    public static Command Create()
    {
        var config = new Option<FileInfo?>("--config", "-c") { Description = "The node's configuration file", HelpName = NodeCommand.UsualFile };
        var tenant = new Option<string?>("--tenant", "-t") { Description = "Whose signer, where there are several tenants", HelpName = "name" };
        var host = new Option<string?>("--host") { Description = "How the signer reaches this machine, if not by the address that is listened on", HelpName = "name" };
        var pair = new Command("pair", "Let one signer on another machine attach to a node") { config, tenant, host };
        pair.SetAction(parse => Run(NodeCommand.FileOf(parse.GetValue(config)), parse.GetValue(tenant), parse.GetValue(host)));
        return pair;
    }

    private static int Run(string? file, string? tenant, string? host)
    {
        try
        {
            var code = SignerPairing.Open(NodeConfiguration.Load(file, []), tenant, host, TimeSpan.FromMinutes(Minutes));
            Console.Error.WriteLine($"Good once, and for {Minutes} minutes. Where the keys are: nitro signer --pair '<the line below>'");
            Console.WriteLine(code);
            return 0;
        }
        catch (Exception problem) when (problem is NodeOptionsException or StorageException)
        {
            Console.Error.WriteLine($"nitro: {problem.Message}");
            return 1;
        }
    }
}
