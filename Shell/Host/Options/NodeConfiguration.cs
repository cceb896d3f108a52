using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Nitro.Host.Options;

/// <summary>
/// Where settings come from: a JSON file, over it environment variables (<c>NITRO_RPC__LISTEN</c> is <c>rpc.listen</c>), over them
/// flags (<c>--rpc:listen 127.0.0.1:4005</c>).
/// </summary>
public static class NodeConfiguration
{
    /// <summary>Of environment variables.</summary>
    public const string Prefix = "NITRO_";

    /// <summary>A single tenant's channel key, in place of its file.</summary>
    public const string ChannelKeyVariable = "NITRO_CHANNEL_KEY";

    /// <summary>A single tenant's chain key, in place of its file.</summary>
    public const string ChainKeyVariable = "NITRO_CHAIN_KEY";

    /// <summary>Variables with the prefix that are no settings: keys never become part of the configuration.</summary>
    private static readonly HashSet<string> NoSettings =
        new(StringComparer.OrdinalIgnoreCase) { ChannelKeyVariable, ChainKeyVariable, "NITRO_CONFIG", "NITRO_VECTORS" };

    /// <summary>Reads and checks all settings.</summary>
    /// <param name="file">The JSON file; null for none.</param>
    /// <param name="flags">Command-line flags of settings.</param>
    /// <exception cref="NodeOptionsException">The file is absent or malformed, a key is unknown, or a value does not fit.</exception>
    public static NodeOptions Load(string? file, IReadOnlyList<string> flags)
    {
        try
        {
            var builder = new ConfigurationBuilder();
            if (file is not null)
            {
                builder.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
            }

            return Read(builder.AddInMemoryCollection(FromEnvironment()).AddCommandLine([.. flags]).Build());
        }
        catch (FileNotFoundException e)
        {
            throw new NodeOptionsException($"There is no configuration file {Path.GetFullPath(file!)}. Name another, or make it.", e);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            throw new NodeOptionsException($"The configuration cannot be read: {Cause(e.GetBaseException())} Correct {file ?? "the flags"}.", e);
        }
    }

    /// <summary>Reads and checks settings from a configuration that holds nothing else.</summary>
    /// <exception cref="NodeOptionsException">A key is unknown, or a value does not fit.</exception>
    public static NodeOptions Read(IConfiguration configuration)
    {
        configuration = SignerWord.Expand(configuration);
        var unknown = KnownKeys.Complaints(configuration);
        if (unknown.Count > 0)
        {
            throw new NodeOptionsException("The configuration cannot be used:" + string.Concat(unknown.Select(line => $"\n  {line}")));
        }

        var options = new NodeOptions();
        configuration.Bind(options);
        EmptyLists.Set(configuration, options);
        NodePlan.From(options);
        return options;
    }

    /// <summary>Lines and columns as editors count them; the parser's own text counts from 0.</summary>
    private static string Cause(Exception e) => e is JsonException { LineNumber: { } line, BytePositionInLine: { } column }
        ? $"line {line + 1}, column {column + 1}: {e.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}"
        : e.Message;

    private static IEnumerable<KeyValuePair<string, string?>> FromEnvironment()
    {
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !NoSettings.Contains(name))
            {
                yield return new(name[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal), variable.Value as string);
            }
        }
    }
}
