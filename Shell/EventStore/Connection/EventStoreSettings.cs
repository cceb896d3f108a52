namespace Nitro.EventStore.Connection;

/// <summary>
/// What a connection string of EventStoreDB says. The password is in <see cref="Password"/> alone: <see cref="ToString"/>, which
/// messages use, has only the servers.
/// </summary>
public sealed record EventStoreSettings
{
    /// <summary>The schemes that are understood; each also with <c>+discover</c>.</summary>
    internal static readonly string[] Schemes = ["esdb", "kurrentdb", "kurrent", "kdb"];

    /// <summary>The server, or the members of a cluster to ask first; at least one.</summary>
    public required IReadOnlyList<ServerAddress> Servers { get; init; }

    /// <summary>The leader is found by asking these servers, which may be others than it.</summary>
    public bool Discovers { get; init; }

    /// <summary>Null: anonymous.</summary>
    public string? User { get; init; }

    /// <summary>Sent under TLS only.</summary>
    public string? Password { get; init; }

    /// <summary><c>tls</c>: false for a server that was started insecure.</summary>
    public bool Tls { get; init; } = true;

    /// <summary><c>tlsVerifyCert</c>: false takes whatever certificate the server has.</summary>
    public bool VerifiesCertificate { get; init; } = true;

    /// <summary><c>tlsCaFile</c>: the authorities to trust (PEM), in place of the system's.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary><c>userCertFile</c>: the client's certificate (PEM), with <see cref="ClientKeyFile"/>.</summary>
    public string? ClientCertificateFile { get; init; }

    /// <summary><c>userKeyFile</c>.</summary>
    public string? ClientKeyFile { get; init; }

    /// <summary><c>nodePreference</c>. A journal takes only the leader: it must read what it wrote.</summary>
    public NodePreference Preference { get; init; }

    /// <summary><c>maxDiscoverAttempts</c>: rounds through all known members, each time that the leader is looked for.</summary>
    public int DiscoverAttempts { get; init; } = 10;

    /// <summary><c>discoveryInterval</c>, milliseconds: the pause between rounds.</summary>
    public TimeSpan DiscoverInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary><c>gossipTimeout</c>, milliseconds: for one member to answer.</summary>
    public TimeSpan GossipTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>defaultDeadline</c>, milliseconds: for one append, or one page to be read.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>keepAliveInterval</c>, milliseconds; infinite (-1): the server is never asked whether it lives.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>keepAliveTimeout</c>, milliseconds; infinite: -1.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>connectionName</c>: what the server's log calls this client.</summary>
    public string? ConnectionName { get; init; }

    /// <summary>Whether a text is meant as a connection string, right or wrong.</summary>
    public static bool IsConnectionString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var end = text.IndexOf("://", StringComparison.Ordinal);
        var scheme = end < 0 ? "" : text[..end].Split('+')[0];
        return Schemes.Contains(scheme, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Reads a connection string.</summary>
    /// <exception cref="FormatException">It is none. The message says what is wrong and what fits, and has nothing secret.</exception>
    public static EventStoreSettings Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return ConnectionString.Read(text);
    }

    /// <summary>The servers, without anything secret.</summary>
    public override string ToString() => $"esdb{(Discovers && Servers.Count == 1 ? "+discover" : "")}://{string.Join(',', Servers)}";
}
