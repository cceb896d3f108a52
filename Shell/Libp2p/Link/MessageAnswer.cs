using System.Text.Json;
using Nitro.Ports;

namespace Nitro.Libp2p.Link;

/// <summary>The answer line of <c>/nitro/msg/2.0.0</c>: <c>{"taken":true}</c>, or <c>{"taken":false,"code":"busy"}</c> or <c>"offence"</c>.</summary>
internal static class MessageAnswer
{
    /// <summary>Bytes of an answer that are read at most.</summary>
    internal const int MaxLength = 256;

    private static readonly byte[] Taken = "{\"taken\":true}\n"u8.ToArray();
    private static readonly byte[] Offence = "{\"taken\":false,\"code\":\"offence\"}\n"u8.ToArray();
    private static readonly byte[] Busy = "{\"taken\":false,\"code\":\"busy\"}\n"u8.ToArray();

    internal static ReadOnlyMemory<byte> Write(PeerAnswer answer) => answer switch
    {
        PeerAnswer.Taken => Taken,
        PeerAnswer.Offence => Offence,
        _ => Busy,
    };

    /// <summary>What cannot be read counts as no answer: the message is sent again.</summary>
    internal static PeerAnswer Read(byte[]? line)
    {
        if (line.AsSpan().SequenceEqual(Taken.AsSpan(..^1)))
        {
            return PeerAnswer.Taken; // As we write it ourselves.
        }

        try
        {
            using var document = JsonDocument.Parse(line ?? []);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("taken", out var taken))
            {
                return PeerAnswer.Unreachable;
            }

            var isOffence = document.RootElement.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.String
                && code.ValueEquals("offence");
            return taken.ValueKind == JsonValueKind.True ? PeerAnswer.Taken : isOffence ? PeerAnswer.Offence : PeerAnswer.Busy;
        }
        catch (JsonException)
        {
            return PeerAnswer.Unreachable;
        }
    }
}
