using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Negotiation;
using Nitro.Libp2p.Noise;
using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Host;

/// <summary>Makes a bare connection secret, authenticated and shared: security, then muxer, negotiated where they must be.</summary>
internal sealed class Upgrader(NoiseCredentials credentials, SwarmOptions options)
{
    /// <summary>What this host speaks on a connection, best first.</summary>
    internal static readonly string[] Muxers = [YamuxSession.Protocol];

    /// <summary>As the one who dialed.</summary>
    /// <exception cref="Libp2pException">Anything but a limit.</exception>
    internal async ValueTask<NoiseOutcome> DialAsync(Stream wire, PeerId? expected, CancellationToken cancellationToken)
    {
        await Multistream.DialAsync(wire, [NoiseHandshake.Protocol], options, cancellationToken).ConfigureAwait(false);
        var outcome = await NoiseHandshake.DialAsync(wire, credentials, expected, Muxers, options, cancellationToken).ConfigureAwait(false);
        if (outcome.Muxer is null)
        {
            await Multistream.DialAsync(outcome.Channel, Muxers, options, cancellationToken).ConfigureAwait(false);
        }

        return outcome;
    }

    /// <summary>As the one who was dialed.</summary>
    /// <exception cref="Libp2pException">Anything but a limit.</exception>
    internal async ValueTask<NoiseOutcome> ListenAsync(Stream wire, CancellationToken cancellationToken)
    {
        await ListenAsync(wire, NoiseHandshake.Protocol, cancellationToken).ConfigureAwait(false);
        var outcome = await NoiseHandshake.ListenAsync(wire, credentials, Muxers, options, cancellationToken).ConfigureAwait(false);
        if (outcome.Muxer is null)
        {
            await ListenAsync(outcome.Channel, YamuxSession.Protocol, cancellationToken).ConfigureAwait(false);
        }

        return outcome;
    }

    private async ValueTask ListenAsync(Stream stream, string protocol, CancellationToken cancellationToken) =>
        await Multistream.ListenAsync(stream, proposal => proposal == protocol, () => [protocol], options, cancellationToken)
            .ConfigureAwait(false);
}
