using System.Globalization;

namespace Nitro.EventStore.Connection;

/// <summary>
/// Reads <c>esdb://user:password@host:port,host?key=value&amp;…</c>. User and password may be percent-encoded. No complaint
/// repeats what stands before the <c>@</c>.
/// </summary>
internal static class ConnectionString
{
    private const string Shape = "esdb://[user:password@]host[:port][,host[:port]…][?option=value&…]";
    private const string Discover = "+discover";

    private static readonly Dictionary<string, Func<EventStoreSettings, Option, EventStoreSettings>> Options =
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["tls"] = (settings, option) => settings with { Tls = option.Flag() },
            ["tlsVerifyCert"] = (settings, option) => settings with { VerifiesCertificate = option.Flag() },
            ["tlsCaFile"] = (settings, option) => settings with { AuthorityFile = option.Text() },
            ["userCertFile"] = (settings, option) => settings with { ClientCertificateFile = option.Text() },
            ["userKeyFile"] = (settings, option) => settings with { ClientKeyFile = option.Text() },
            ["nodePreference"] = (settings, option) => settings with { Preference = option.Preference() },
            ["maxDiscoverAttempts"] = (settings, option) => settings with { DiscoverAttempts = option.Count() },
            ["discoveryInterval"] = (settings, option) => settings with { DiscoverInterval = option.Milliseconds() },
            ["gossipTimeout"] = (settings, option) => settings with { GossipTimeout = option.Milliseconds() },
            ["defaultDeadline"] = (settings, option) => settings with { Deadline = option.Milliseconds() },
            ["keepAliveInterval"] = (settings, option) => settings with { PingInterval = option.MillisecondsOrNever() },
            ["keepAliveTimeout"] = (settings, option) => settings with { PingTimeout = option.MillisecondsOrNever() },
            ["connectionName"] = (settings, option) => settings with { ConnectionName = option.Name() },
            ["throwOnAppendFailure"] = (settings, option) => option.Flag() ? settings : settings, // a conflict is an answer here, either way
        };

    internal static EventStoreSettings Read(string text)
    {
        var end = text.IndexOf("://", StringComparison.Ordinal);
        var scheme = end < 0 ? "" : text[..end].ToLowerInvariant();
        var discovers = scheme.EndsWith(Discover, StringComparison.Ordinal);
        if (!EventStoreSettings.Schemes.Contains(discovers ? scheme[..^Discover.Length] : scheme))
        {
            throw new FormatException($"A connection string of EventStoreDB begins with esdb:// or esdb+discover://: {Shape}.");
        }

        var rest = text[(end + 3)..];
        var query = rest.LastIndexOf('?');
        var (authority, options) = query > rest.LastIndexOf('@') ? (rest[..query], rest[(query + 1)..]) : (rest, "");
        var at = authority.LastIndexOf('@');
        var (user, password) = Credentials(at < 0 ? null : authority[..at]);
        var servers = Servers(authority[(at + 1)..]);
        var settings = new EventStoreSettings
        {
            Servers = servers, Discovers = discovers || servers.Count > 1, User = user, Password = password,
        };
        return Check(Apply(settings, options));
    }

    private static (string? User, string? Password) Credentials(string? text)
    {
        if (text is null)
        {
            return (null, null);
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0
            ? (Uri.UnescapeDataString(text[..colon]), Uri.UnescapeDataString(text[(colon + 1)..]))
            : throw new FormatException("Before the @ of a connection string stand a user, a colon and a password; percent-encode what is special in them.");
    }

    private static List<ServerAddress> Servers(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0 && slash != text.Length - 1)
        {
            throw new FormatException($"'{text[slash..]}' follows the servers of the connection string: a path means nothing there. {Shape}.");
        }

        return [.. text.TrimEnd('/').Split(',').Select(Server)];
    }

    private static ServerAddress Server(string text)
    {
        var bracket = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) : -1;
        var colon = text.IndexOf(':', bracket + 1);
        var host = (colon < 0 ? text : text[..colon]).Trim('[', ']');
        var port = ServerAddress.DefaultPort;
        var isPort = colon < 0 || (int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and < 65_536);
        return isPort && Uri.CheckHostName(host) != UriHostNameType.Unknown
            ? new ServerAddress(host, port)
            : throw new FormatException($"'{text}' is no server in the connection string: give host, or host:port. {Shape}.");
    }

    private static EventStoreSettings Apply(EventStoreSettings settings, string options)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in options.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? part : part[..equals];
            if (!Options.TryGetValue(key, out var apply))
            {
                throw new FormatException($"The connection string has the option '{key}': it may be one of {string.Join(", ", Options.Keys)}.");
            }

            if (!seen.Add(key))
            {
                throw new FormatException($"The connection string has the option {key} twice: leave one.");
            }

            settings = apply(settings, new Option(key, equals < 0 ? "" : Uri.UnescapeDataString(part[(equals + 1)..])));
        }

        return settings;
    }

    private static EventStoreSettings Check(EventStoreSettings settings) =>
        settings.ClientCertificateFile is null == settings.ClientKeyFile is null
            ? settings
            : throw new FormatException("The options userCertFile and userKeyFile of a connection string belong together: give both or neither.");

    /// <summary>An option as it was written, and what it may be read as.</summary>
    private readonly record struct Option(string Key, string Value)
    {
        internal bool Flag() => bool.TryParse(Value, out var flag) ? flag : throw Unfit("true or false");

        internal string Text() => Value.Length > 0 ? Value : throw Unfit("given a value, or left out");

        internal string Name() =>
            Text() is { } name && name == name.Trim() && !name.AsSpan().ContainsAnyExceptInRange(' ', '~') ? name : throw Unfit("printable ASCII");

        internal int Count() => Number() is { } count and > 0 ? count : throw Unfit("a whole number above 0");

        internal TimeSpan Milliseconds() => Number() is { } count and > 0 ? TimeSpan.FromMilliseconds(count) : throw Unfit("milliseconds, a whole number above 0");

        // A second is the least that HTTP/2 pings are sent at.
        internal TimeSpan MillisecondsOrNever() => Number() switch
        {
            -1 => Timeout.InfiniteTimeSpan,
            >= 1_000 and var count => TimeSpan.FromMilliseconds(count),
            _ => throw Unfit("milliseconds, at least 1000, or -1 for never"),
        };

        internal NodePreference Preference() => Value.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant() switch
        {
            "leader" => NodePreference.Leader,
            "follower" => NodePreference.Follower,
            "readonlyreplica" => NodePreference.ReadOnlyReplica,
            "random" => NodePreference.Random,
            _ => throw Unfit("leader, follower, readOnlyReplica or random"),
        };

        private int? Number() => int.TryParse(Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

        private FormatException Unfit(string fit) => new($"The option {Key} of the connection string is '{Value}': it must be {fit}.");
    }
}
