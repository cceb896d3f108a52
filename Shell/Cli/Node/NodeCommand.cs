using System.CommandLine;

namespace Nitro.Cli.Node;

/// <summary><c>nitro node</c>: runs the tenants of one configuration until Ctrl-C or SIGTERM.</summary>
internal static class NodeCommand
{
    private const string ConfigVariable = "NITRO_CONFIG";

    /// <summary>Read from the current folder where no other is named.</summary>
    internal const string UsualFile = "nitro.json";

    /// <summary>The command with its options.</summary>
    public static Command Create()
    {
        var config = new Option<FileInfo?>("--config", "-c")
        {
            Description = "The configuration file; environment variables (NITRO_CHAIN__URL is chain.url) go over it, flags over both. "
                + $"Without it: the file that {ConfigVariable} names, or {UsualFile} if there is one",
            HelpName = UsualFile,
        };
        var stdio = new Option<bool>("--stdio")
        {
            Description = "Serve the API on standard input and output too, and end when the input ends (log lines go to standard error)",
        };
        var tenant = new Option<string?>("--tenant", "-t") { Description = "The tenant that --stdio serves, where there are several", HelpName = "name" };
        var endWithStdin = new Option<bool>("--end-with-stdin")
        {
            Description = "End when standard input does: for a parent process that must not leave its node behind",
        };
        var node = new Command("node", "Run a node until Ctrl-C or SIGTERM") { config, stdio, tenant, endWithStdin };
        var flags = new NodeFlags(node);

        // The host's assemblies are loaded behind this call only: 'nitro rpc' must answer at once.
        node.SetAction((parse, cancellationToken) => NodeRun.RunAsync(
            FileOf(parse.GetValue(config)),
            flags.Read(parse),
            new NodeStreams(parse.GetValue(stdio), parse.GetValue(tenant), parse.GetValue(endWithStdin)),
            cancellationToken));
        return node;
    }

    /// <summary>The configuration file: the one named, or that of the environment, or the usual one if it is here; null: none.</summary>
    internal static string? FileOf(FileInfo? named) =>
        named?.FullName ?? Environment.GetEnvironmentVariable(ConfigVariable) ?? (File.Exists(UsualFile) ? UsualFile : null);
}
