using System.Buffers.Binary;
using Nitro.Libp2p.Identity;

namespace Nitro.Libp2p.Noise;

/// <summary>Turns a bare connection into one that is secret and authenticated: Noise XX as libp2p uses it.</summary>
internal static class NoiseHandshake
{
    /// <summary>The protocol's name in negotiations.</summary>
    internal const string Protocol = "/noise";

    /// <summary>As the one who dialed. The channel owns the connection from then on.</summary>
    /// <param name="wire">The bare connection.</param>
    /// <param name="credentials">Ours.</param>
    /// <param name="expected">Who must answer; null for anybody.</param>
    /// <param name="muxers">What we offer, best first.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="cancellationToken">The deadline.</param>
    /// <exception cref="Libp2pException">Malformed, NotAuthentic, WrongPeer, Disconnected.</exception>
    internal static async ValueTask<NoiseOutcome> DialAsync(
        Stream wire, NoiseCredentials credentials, PeerId? expected, IReadOnlyList<string> muxers, SwarmOptions options,
        CancellationToken cancellationToken)
    {
        using var noise = new NoiseXx(credentials.StaticKey, X25519Key.Random());
        await SendAsync(wire, noise.WriteA(), cancellationToken).ConfigureAwait(false);
        var payload = noise.ReadB(await ReceiveAsync(wire, options, cancellationToken).ConfigureAwait(false));
        var (key, theirs) = NoiseCredentials.Check(payload, noise.TheirStatic);
        Expect(expected, key);
        await SendAsync(wire, noise.WriteC(credentials.Payload), cancellationToken).ConfigureAwait(false);
        var (forward, back) = noise.State.Split();
        return new NoiseOutcome(new NoiseChannel(wire, Aead.Create(back), Aead.Create(forward)), key, Choose(muxers, theirs));
    }

    /// <summary>As the one who was dialed.</summary>
    /// <exception cref="Libp2pException">Malformed, NotAuthentic, Disconnected.</exception>
    internal static async ValueTask<NoiseOutcome> ListenAsync(
        Stream wire, NoiseCredentials credentials, IReadOnlyList<string> muxers, SwarmOptions options, CancellationToken cancellationToken)
    {
        using var noise = new NoiseXx(credentials.StaticKey, X25519Key.Random());
        noise.ReadA(await ReceiveAsync(wire, options, cancellationToken).ConfigureAwait(false));
        await SendAsync(wire, noise.WriteB(credentials.Payload), cancellationToken).ConfigureAwait(false);
        var payload = noise.ReadC(await ReceiveAsync(wire, options, cancellationToken).ConfigureAwait(false));
        var (key, theirs) = NoiseCredentials.Check(payload, noise.TheirStatic);
        var (forward, back) = noise.State.Split();
        return new NoiseOutcome(new NoiseChannel(wire, Aead.Create(forward), Aead.Create(back)), key, Choose(theirs, muxers));
    }

    /// <summary>The initiator's first choice that the responder has too; null where the muxer must be negotiated.</summary>
    internal static string? Choose(IReadOnlyList<string> initiator, IReadOnlyList<string> responder) =>
        initiator.FirstOrDefault(responder.Contains);

    /// <summary>Refuses anybody but the one who was dialed.</summary>
    /// <exception cref="Libp2pException">WrongPeer.</exception>
    internal static void Expect(PeerId? expected, PublicKey key)
    {
        if (expected is not null && !expected.Equals(PeerId.Of(key)))
        {
            throw new Libp2pException(Libp2pError.WrongPeer, $"{PeerId.Of(key)} answers where {expected} was dialed.");
        }
    }

    private static ValueTask SendAsync(Stream wire, byte[] message, CancellationToken cancellationToken)
    {
        var framed = new byte[2 + message.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed, 2);
        return wire.WriteAsync(framed, cancellationToken);
    }

    private static async ValueTask<byte[]> ReceiveAsync(Stream wire, SwarmOptions options, CancellationToken cancellationToken)
    {
        var head = new byte[2];
        await FillAsync(wire, head, cancellationToken).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadUInt16BigEndian(head);
        if (length > options.MaxHandshakeMessage)
        {
            throw new Libp2pException(Libp2pError.Malformed, $"A message of the Noise handshake has {length} bytes.");
        }

        var message = new byte[length];
        await FillAsync(wire, message, cancellationToken).ConfigureAwait(false);
        return message;
    }

    private static async ValueTask FillAsync(Stream wire, byte[] buffer, CancellationToken cancellationToken)
    {
        if (await wire.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < buffer.Length)
        {
            throw new Libp2pException(Libp2pError.Disconnected, "The connection ended during the Noise handshake.");
        }
    }
}
