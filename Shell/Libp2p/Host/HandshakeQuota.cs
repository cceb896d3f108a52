using System.Net;
using System.Net.Sockets;

namespace Nitro.Libp2p.Host;

/// <summary>
/// Counts the handshakes that each network address left unfinished within the minute, and turns away the one that leaves too many.
/// IPv6 counts by /64, since whoever has one such address has all of them.
/// </summary>
internal sealed class HandshakeQuota(SwarmOptions options)
{
    // Enough for a real crowd. Who has more addresses than this finds the bound on all pending handshakes.
    private const int MaxSources = 65_536;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _failures = [];
    private long _began = options.Time.GetTimestamp();

    /// <summary>Whether a handshake from there is begun at all.</summary>
    internal bool Allows(IPAddress source)
    {
        lock (_gate)
        {
            Turn();
            return _failures.GetValueOrDefault(Prefix(source)) < options.MaxFailedUpgradesPerMinute;
        }
    }

    /// <summary>One from there was not finished.</summary>
    internal void Failed(IPAddress source)
    {
        lock (_gate)
        {
            Turn();
            var prefix = Prefix(source);
            if (_failures.TryGetValue(prefix, out var count) || _failures.Count < MaxSources)
            {
                _failures[prefix] = count + 1;
            }
        }
    }

    /// <summary>What counts as one source.</summary>
    internal static IPAddress Prefix(IPAddress source)
    {
        if (source.IsIPv4MappedToIPv6)
        {
            return source.MapToIPv4();
        }

        if (source.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return source;
        }

        var bytes = source.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private void Turn()
    {
        if (options.Time.GetElapsedTime(_began) >= TimeSpan.FromMinutes(1))
        {
            _began = options.Time.GetTimestamp();
            _failures.Clear();
        }
    }
}
