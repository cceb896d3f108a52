using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Nitro.Libp2p.Identity;

namespace Nitro.Libp2p.Addresses;

/// <summary>How each part of a multiaddr is written: its name, its size, its value as text and as bytes.</summary>
internal static class AddressSyntax
{
    /// <summary>The size of values that carry their own length.</summary>
    internal const int Prefixed = -1;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private static readonly Dictionary<AddressProtocol, (string Name, int Size)> Table = new()
    {
        [AddressProtocol.Ip4] = ("ip4", 4),
        [AddressProtocol.Ip6] = ("ip6", 16),
        [AddressProtocol.Tcp] = ("tcp", 2),
        [AddressProtocol.Udp] = ("udp", 2),
        [AddressProtocol.Dns] = ("dns", Prefixed),
        [AddressProtocol.Dns4] = ("dns4", Prefixed),
        [AddressProtocol.Dns6] = ("dns6", Prefixed),
        [AddressProtocol.DnsAddr] = ("dnsaddr", Prefixed),
        [AddressProtocol.P2p] = ("p2p", Prefixed),
        [AddressProtocol.P2pCircuit] = ("p2p-circuit", 0),
        [AddressProtocol.Tls] = ("tls", 0),
        [AddressProtocol.QuicV1] = ("quic-v1", 0),
        [AddressProtocol.Ws] = ("ws", 0),
        [AddressProtocol.Wss] = ("wss", 0),
    };

    private static readonly Dictionary<string, AddressProtocol> Names = MakeNames();

    internal static string NameOf(AddressProtocol protocol) => Table[protocol].Name;

    internal static bool TryFind(string name, out AddressProtocol protocol) => Names.TryGetValue(name, out protocol);

    /// <summary>The size of a protocol's value; false for codes nobody here knows.</summary>
    internal static bool TrySize(ulong code, out AddressProtocol protocol, out int size)
    {
        protocol = code <= int.MaxValue ? (AddressProtocol)code : default;
        var known = Table.TryGetValue(protocol, out var entry);
        size = entry.Size;
        return known;
    }

    /// <summary>Whether bytes of the right size are a value of this protocol.</summary>
    internal static bool IsSound(AddressProtocol protocol, ReadOnlySpan<byte> value) => protocol switch
    {
        AddressProtocol.P2p => PeerId.TryParse(value, out _),
        AddressProtocol.Dns or AddressProtocol.Dns4 or AddressProtocol.Dns6 or AddressProtocol.DnsAddr => IsName(value),
        _ => true,
    };

    internal static string ToText(AddressProtocol protocol, ReadOnlySpan<byte> value) => protocol switch
    {
        AddressProtocol.Ip4 or AddressProtocol.Ip6 => new IPAddress(value).ToString(),
        AddressProtocol.Tcp or AddressProtocol.Udp => BinaryPrimitives.ReadUInt16BigEndian(value).ToString(CultureInfo.InvariantCulture),
        AddressProtocol.P2p => PeerId.TryParse(value, out var id) ? id.ToString() : "",
        _ => StrictUtf8.GetString(value),
    };

    internal static bool TryParseValue(AddressProtocol protocol, string text, [NotNullWhen(true)] out byte[]? value)
    {
        value = protocol switch
        {
            AddressProtocol.Ip4 => Ip(text, AddressFamily.InterNetwork),
            AddressProtocol.Ip6 => Ip(text, AddressFamily.InterNetworkV6),
            AddressProtocol.Tcp or AddressProtocol.Udp => Port(text),
            AddressProtocol.P2p => PeerId.TryParse(text.AsSpan(), out var id) ? id.Bytes.ToArray() : null,
            _ => Encoding.UTF8.GetBytes(text),
        };
        return value is not null && IsSound(protocol, value);
    }

    private static byte[]? Ip(string text, AddressFamily family) =>
        !text.Contains('%', StringComparison.Ordinal) && IPAddress.TryParse(text, out var address) && address.AddressFamily == family
        && (family == AddressFamily.InterNetworkV6 || address.ToString() == text)
            ? address.GetAddressBytes()
            : null;

    private static byte[]? Port(string text)
    {
        if (!ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, port);
        return bytes;
    }

    // A name with a slash could not be read back from text; and no name is longer than DNS allows.
    private static bool IsName(ReadOnlySpan<byte> value)
    {
        if (value.Length is 0 or > 253)
        {
            return false;
        }

        foreach (var letter in value)
        {
            if (letter is <= 0x20 or >= 0x7f or (byte)'/')
            {
                return false;
            }
        }

        return true;
    }

    private static Dictionary<string, AddressProtocol> MakeNames()
    {
        var names = Table.ToDictionary(entry => entry.Value.Name, entry => entry.Key, StringComparer.Ordinal);
        names["ipfs"] = AddressProtocol.P2p;
        return names;
    }
}
