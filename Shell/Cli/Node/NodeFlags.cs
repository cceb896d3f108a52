using System.CommandLine;

namespace Nitro.Cli.Node;

/// <summary>The flags of <c>nitro node</c> that stand for settings; each goes over the environment and over the file.</summary>
internal sealed class NodeFlags
{
    private readonly (Option<string?> Option, string Setting)[] _settings =
    [
        (Flag("--chain-url", "url", "The chain's JSON-RPC endpoint: http, https, ws or wss"), "chain:url"),
        (Flag("--chain-id", "number", "The chain that must answer there"), "chain:chainId"),
        (Flag("--start-block", "height", "The first block to look at"), "chain:startBlock"),
        (Flag("--confirmations", "blocks", "Blocks on top of a log's before it is final"), "chain:confirmations"),
        (Flag("--rpc-listen", "host:port", "Where the API is served; port 0 takes a free one"), "rpc:listen"),
        (Flag("--data-directory", "folder", "Where journals, marks and keys are kept"), "dataDirectory"),
        (Flag("--signer", "who", "remote: the keys are at a signer that attaches (nitro signer); in-process: in this node's key files"), "signer"),
        (Flag("--log-level", "level", "trace, debug, info, warn, error or off"), "log:level"),
    ];

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Any other setting, as in --set policy:mode=manual; may be repeated",
        HelpName = "key=value",
        DefaultValueFactory = _ => [],
    };

    /// <summary>A command with these flags.</summary>
    public NodeFlags(Command node)
    {
        foreach (var (option, _) in _settings)
        {
            node.Options.Add(option);
        }

        _set.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1) is { } wrong)
            {
                result.AddError($"'{wrong.Value}' is no setting: give --set key=value, such as --set policy:mode=manual.");
            }
        });
        node.Options.Add(_set);
    }

    /// <summary>What was given, in the form <c>--chain:url=ws://…</c>.</summary>
    public IReadOnlyList<string> Read(ParseResult parse)
    {
        var given = _settings
            .Select(setting => (setting.Setting, Value: parse.GetValue(setting.Option)))
            .Where(setting => setting.Value is not null)
            .Select(setting => $"--{setting.Setting}={setting.Value}");
        return [.. given, .. parse.GetRequiredValue(_set).Select(setting => $"--{setting}")];
    }

    private static Option<string?> Flag(string name, string value, string description) => new(name) { HelpName = value, Description = description };
}
