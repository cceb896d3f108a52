using System.Diagnostics;
using System.Security.Cryptography;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Identify;

/// <summary>ping: 32 bytes, sent back.</summary>
public sealed class PingProtocol(SwarmOptions options)
{
    /// <summary>The protocol's name.</summary>
    public const string Protocol = "/ipfs/ping/1.0.0";

    private const int Size = 32;

    /// <summary>Measures one round trip.</summary>
    /// <exception cref="Libp2pException">Malformed where something else comes back; or what the stream failed with.</exception>
    public static async Task<TimeSpan> PingAsync(Connection connection, CancellationToken cancellationToken)
    {
        await using var stream = await connection.OpenStreamAsync(Protocol, cancellationToken).ConfigureAwait(false);
        var sent = RandomNumberGenerator.GetBytes(Size);
        var back = new byte[Size];
        var began = Stopwatch.GetTimestamp();
        await stream.WriteAsync(sent, cancellationToken).ConfigureAwait(false);
        await stream.ReadAtLeastAsync(back, Size, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var took = Stopwatch.GetElapsedTime(began);
        return back.AsSpan().SequenceEqual(sent)
            ? took
            : throw new Libp2pException(Libp2pError.Malformed, "A ping came back changed.");
    }

    /// <summary>Sends back what comes, until the peer closes or says nothing for a minute.</summary>
    internal async Task AnswerAsync(YamuxStream stream, Connection connection, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ping = new byte[Size];
        while (true)
        {
            deadline.CancelAfter(options.PingIdleTimeout);
            if (await stream.ReadAtLeastAsync(ping, Size, throwOnEndOfStream: false, deadline.Token).ConfigureAwait(false) < Size)
            {
                return;
            }

            await stream.WriteAsync(ping, deadline.Token).ConfigureAwait(false);
        }
    }
}
