using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using Nitro.Libp2p.Bytes;
using Nitro.Libp2p.Identity;

namespace Nitro.Libp2p.Addresses;

/// <summary>An address that names each of its parts, such as <c>/ip4/127.0.0.1/tcp/3005/p2p/16Uiu2…</c>. Equal by its bytes.</summary>
public sealed class Multiaddr : IEquatable<Multiaddr>
{
    private const int MaxParts = 16;
    private const int MaxBytes = 1024;

    private readonly byte[] _bytes;

    private Multiaddr(byte[] bytes, IReadOnlyList<AddressPart> parts)
    {
        _bytes = bytes;
        Parts = parts;
    }

    /// <summary>The binary form.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The parts in order, one at least.</summary>
    public IReadOnlyList<AddressPart> Parts { get; }

    /// <summary>The peer named by the last part, if it names one.</summary>
    public PeerId? Peer => Parts[^1].Protocol == AddressProtocol.P2p && PeerId.TryParse(Parts[^1].Value.Span, out var id) ? id : null;

    /// <summary>The address of an IP endpoint on TCP.</summary>
    public static Multiaddr Of(IPEndPoint endPoint)
    {
        var address = endPoint.Address.IsIPv4MappedToIPv6 ? endPoint.Address.MapToIPv4() : endPoint.Address;
        var ip = address.GetAddressBytes();
        var code = ip.Length == 4 ? (byte)AddressProtocol.Ip4 : (byte)AddressProtocol.Ip6;
        byte[] bytes = [code, .. ip, (byte)AddressProtocol.Tcp, (byte)(endPoint.Port >> 8), (byte)endPoint.Port];
        return TryParse(bytes, out var made) ? made : throw new ArgumentException("This endpoint has no multiaddr.", nameof(endPoint));
    }

    /// <summary>Reads the binary form; false for unknown codes, values cut off, or more than 16 parts.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Multiaddr? address)
    {
        address = null;
        var copy = bytes.Length is 0 or > MaxBytes ? [] : bytes.ToArray();
        var parts = new List<AddressPart>(3);
        for (var at = 0; at < copy.Length;)
        {
            if (parts.Count == MaxParts || !TryReadPart(copy, ref at, out var part))
            {
                return false;
            }

            parts.Add(part);
        }

        address = parts.Count > 0 ? new Multiaddr(copy, parts) : null;
        return address is not null;
    }

    /// <summary>Reads the text form.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Multiaddr? address)
    {
        address = null;
        if (text.Length > MaxBytes || !text.StartsWith('/'))
        {
            return false;
        }

        var words = text[1..].Split('/');
        var bytes = new List<byte>(64);
        Span<byte> number = stackalloc byte[Varint.MaxLength];
        for (var at = 0; at < words.Length;)
        {
            if (!AddressSyntax.TryFind(words[at++], out var protocol) || !AddressSyntax.TrySize((ulong)protocol, out _, out var size))
            {
                return false;
            }

            bytes.AddRange(number[..Varint.Write(number, (ulong)protocol)]);
            if (size == 0)
            {
                continue;
            }

            if (at == words.Length || !AddressSyntax.TryParseValue(protocol, words[at++], out var value))
            {
                return false;
            }

            if (size == AddressSyntax.Prefixed)
            {
                bytes.AddRange(number[..Varint.Write(number, (ulong)value.Length)]);
            }

            bytes.AddRange(value);
        }

        return TryParse(bytes.ToArray(), out address);
    }

    /// <summary>Reads text that somebody wrote on purpose, such as a configuration.</summary>
    /// <exception cref="FormatException">It is no multiaddr.</exception>
    public static Multiaddr Parse(string text) =>
        TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is not a multiaddr.");

    /// <summary>The same address without the peer id at its end; null where nothing would be left.</summary>
    public Multiaddr? WithoutPeer()
    {
        if (Peer is not { } peer)
        {
            return this;
        }

        var tail = 2 + Varint.Length((ulong)peer.Bytes.Length) + peer.Bytes.Length;
        return TryParse(_bytes.AsSpan(0, _bytes.Length - tail), out var rest) ? rest : null;
    }

    /// <summary>The same address with a peer id at its end.</summary>
    public Multiaddr WithPeer(PeerId peer) => Parse($"{this}/p2p/{peer}");

    /// <inheritdoc/>
    public bool Equals(Multiaddr? other) => other is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Multiaddr);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    /// <summary>The text form.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(64);
        foreach (var part in Parts)
        {
            text.Append('/').Append(AddressSyntax.NameOf(part.Protocol));
            if (part.Value.Length > 0)
            {
                text.Append('/').Append(AddressSyntax.ToText(part.Protocol, part.Value.Span));
            }
        }

        return text.ToString();
    }

    private static bool TryReadPart(byte[] bytes, ref int at, out AddressPart part)
    {
        part = default;
        if (!Varint.TryRead(bytes.AsSpan(at), out var code, out var length) || !AddressSyntax.TrySize(code, out var protocol, out var size))
        {
            return false;
        }

        at += length;
        if (size == AddressSyntax.Prefixed)
        {
            if (!Varint.TryRead(bytes.AsSpan(at), out var declared, out length) || declared > MaxBytes)
            {
                return false;
            }

            at += length;
            size = (int)declared;
        }

        if (size > bytes.Length - at || !AddressSyntax.IsSound(protocol, bytes.AsSpan(at, size)))
        {
            return false;
        }

        part = new AddressPart(protocol, bytes.AsMemory(at, size));
        at += size;
        return true;
    }
}
