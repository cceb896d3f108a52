using Microsoft.Extensions.Configuration;

namespace Nitro.Host.Options;

/// <summary>Lets <c>"signer": "remote"</c> stand for the section that it is short for, also where a flag says it over a file's section.</summary>
internal static class SignerWord
{
    private const string Remote = "remote";
    private const string InProcess = "in-process";
    private const string Listen = "listen";

    /// <summary>The same settings without the short form.</summary>
    /// <exception cref="NodeOptionsException">Another word.</exception>
    public static IConfiguration Expand(IConfiguration configuration)
    {
        var settings = configuration.AsEnumerable().ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
        var words = settings.Where(pair => IsSigner(pair.Key) && !string.IsNullOrEmpty(pair.Value)).ToList();
        foreach (var (key, word) in words)
        {
            settings.Remove(key);
            switch (word)
            {
                case Remote:
                    settings.TryAdd($"{key}:{Remote}:{Listen}", "");
                    break;
                case InProcess:
                    foreach (var deeper in settings.Keys.Where(name => name.StartsWith($"{key}:", StringComparison.OrdinalIgnoreCase)).ToList())
                    {
                        settings.Remove(deeper);
                    }

                    break;
                default:
                    throw new NodeOptionsException(
                        $"The configuration cannot be used:\n  {key.Replace(':', '.')} is '{word}': it must be {InProcess}, {Remote}, "
                        + "or { \"remote\": { \"listen\": \"unix:///path\" } }.");
            }
        }

        return words.Count == 0 ? configuration : new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
    }

    private static bool IsSigner(string key)
    {
        var parts = key.Split(':');
        return parts[^1].Equals("signer", StringComparison.OrdinalIgnoreCase)
            && (parts.Length == 1 || (parts.Length == 3 && parts[0].Equals("tenants", StringComparison.OrdinalIgnoreCase)));
    }
}
