using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nitro.Signer;

/// <summary>What the command line asks for.</summary>
/// <param name="Options">The settings.</param>
/// <param name="Pair">A pairing code to use first; null: none.</param>
/// <param name="EndsWithInput">Ends when standard input does: for a parent that must not leave its signer behind.</param>
/// <param name="TakesOver">Asks the present holder of the folder to let go of it.</param>
/// <param name="Help">Only tells what there is.</param>
internal sealed record SignerCommand(SignerOptions Options, string? Pair, bool EndsWithInput, bool TakesOver, bool Help)
{
    /// <summary>What <c>--help</c> prints.</summary>
    public const string Usage =
        """
        nitro-signer: holds the keys of a Nitro node and signs what the node asks for, if its owner's policy allows it.

          --node, -n ADDRESS        a node of this machine to attach to: unix:///path; may be repeated
          --pair CODE               pair with the node that printed this code ('nitro pair'), and attach to it from then on
          --config, -c FILE         settings as JSON: nodes, dataDirectory, passphraseFile, channelKeyFile, chainKeyFile, policyFile, anchorFile
          --data-directory FOLDER   where memory and keys are kept (./signer)
          --passphrase-file FILE    holds the passphrase of the keys; else NITRO_SIGNER_PASSPHRASE, else it is asked for
          --channel-key-file FILE   a plain key file for states and vouchers, made when absent, in place of the encrypted key
          --chain-key-file FILE     the same for transactions
          --policy open|FILE        the owner's rules (policy.json in the folder, else open: everything but theft and signing twice)
          --anchor FILE             tells the newest memory from an older copy (anchor in the folder; best on another disk)
          --take-over               ask the signer that has this folder to let go of it, in place of waiting
          --end-with-stdin          end when standard input does

        'nitro-signer keys new' makes the keys; 'nitro-signer keys --help' and 'nitro-signer devices --help' tell what else there is.
        It attaches for ever, whatever becomes of the nodes; Ctrl-C or SIGTERM ends it.
        """;

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>Reads flags, and the file that they name.</summary>
    /// <exception cref="SignerSetupException">A flag is unknown or lacks its value, or the file cannot be used.</exception>
    public static SignerCommand Parse(IReadOnlyList<string> args)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        var nodes = new List<string>();
        var (endsWithInput, takesOver, help) = (false, false, false);
        for (var i = 0; i < args.Count; i++)
        {
            switch (args[i])
            {
                case "--help" or "-h":
                    help = true;
                    break;
                case "--end-with-stdin":
                    endsWithInput = true;
                    break;
                case "--take-over":
                    takesOver = true;
                    break;
                case "--node" or "-n":
                    nodes.Add(Value(args, i++));
                    break;
                case "--config" or "-c":
                    given["--config"] = Value(args, i++);
                    break;
                case "--pair":
                    given["--pair"] = Value(args, i++);
                    break;
                case "--data-directory" or "--passphrase-file" or "--channel-key-file" or "--chain-key-file" or "--policy" or "--anchor":
                    given[args[i]] = Value(args, i++);
                    break;
                default:
                    throw new SignerSetupException($"'{args[i]}' is no flag of the signer: --help lists them.");
            }
        }

        var options = given.TryGetValue("--config", out var file) ? Load(file) : new SignerOptions();
        options = options with
        {
            Nodes = nodes.Count > 0 ? nodes : options.Nodes,
            DataDirectory = given.GetValueOrDefault("--data-directory", options.DataDirectory),
            PassphraseFile = given.GetValueOrDefault("--passphrase-file") ?? options.PassphraseFile,
            ChannelKeyFile = given.GetValueOrDefault("--channel-key-file") ?? options.ChannelKeyFile,
            ChainKeyFile = given.GetValueOrDefault("--chain-key-file") ?? options.ChainKeyFile,
            PolicyFile = given.GetValueOrDefault("--policy") ?? options.PolicyFile,
            AnchorFile = given.GetValueOrDefault("--anchor") ?? options.AnchorFile,
        };
        return new SignerCommand(help ? options : Checked(options), given.GetValueOrDefault("--pair"), endsWithInput, takesOver, help);
    }

    private static string Value(IReadOnlyList<string> args, int at) =>
        at + 1 < args.Count ? args[at + 1] : throw new SignerSetupException($"{args[at]} takes a value.");

    private static SignerOptions Load(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<SignerOptions>(File.ReadAllBytes(file), Strict)
                ?? throw new SignerSetupException($"The configuration {file} is empty.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new SignerSetupException($"The configuration {file} cannot be used: {e.Message}", e);
        }
    }

    private static SignerOptions Checked(SignerOptions options)
    {
        foreach (var node in options.Nodes)
        {
            if (!Uri.TryCreate(node, UriKind.Absolute, out var address) || address.Scheme != "unix")
            {
                throw new SignerSetupException($"'{node}' is no address of a node: give unix:///path, or pair with a node elsewhere (--pair).");
            }
        }

        return options;
    }
}
