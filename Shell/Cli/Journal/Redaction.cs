using System.Text.RegularExpressions;

namespace Nitro.Cli.Journal;

/// <summary>Takes out of log lines what could be a secret: all of a URL but its host, tokens, and words that follow on the name of a secret.</summary>
internal static partial class Redaction
{
    private const string Gone = "[removed]";

    /// <summary>A log's line without.</summary>
    public static string Of(string line)
    {
        var urls = Urls().Replace(line, match => $"{match.Groups["scheme"].Value}{match.Groups["host"].Value}{(match.Groups["rest"].Length > 1 ? $"/{Gone}" : string.Empty)}");
        return Sentences().Replace(Named().Replace(Tokens().Replace(urls, Gone), match => $"{match.Groups["name"].Value}{Gone}"), match => $"{match.Groups["name"].Value}{Gone}");
    }

    [GeneratedRegex(@"(?<scheme>\b[a-z][a-z0-9+.\-]*://)(?:[^\s""']*@)?(?<host>[^\s/?#""']+)(?<rest>[^\s""']*)", RegexOptions.IgnoreCase)]
    private static partial Regex Urls();

    /// <summary>JSON web tokens.</summary>
    [GeneratedRegex(@"\beyJ[A-Za-z0-9_\-]{6,}(?:\.[A-Za-z0-9_\-]+)*")]
    private static partial Regex Tokens();

    /// <summary>Of several words, perhaps.</summary>
    [GeneratedRegex(@"(?<name>\b(?:passphrase|mnemonic)\b[""']?\s*[:=]\s*).+", RegexOptions.IgnoreCase)]
    private static partial Regex Sentences();

    [GeneratedRegex(@"(?<name>\b(?:bearer|basic|password|secret|api[-_ ]?key|auth[-_ ]?token|private[-_ ]?key)\b[""']?\s*[:= ]\s*)[""']?[^\s,;""']+", RegexOptions.IgnoreCase)]
    private static partial Regex Named();
}
