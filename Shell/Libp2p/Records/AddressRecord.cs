using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Nitro.Libp2p.Records;

/// <summary>
/// "This state-channel address is found at that peer", signed by both keys. As JSON it is
/// <c>{"Data":{"SCAddr":…,"PeerID":…,"Timestamp":…},"PeerIdSig":…,"SCAddrSig":…}</c>.
/// </summary>
/// <param name="Address">The address as text, in whatever case its writer chose.</param>
/// <param name="PeerId">The peer id as text.</param>
/// <param name="Timestamp">Seconds since 1970; the largest counts.</param>
/// <param name="PeerIdSignature">By the identity, over <see cref="SignedBytes"/>.</param>
/// <param name="AddressSignature">65 bytes, v 0 or 1, by the channel key over the SHA-256 of the same.</param>
public sealed record AddressRecord(string Address, string PeerId, long Timestamp, byte[] PeerIdSignature, byte[] AddressSignature)
{
    /// <summary>The namespace of these records.</summary>
    public const string Namespace = "scaddr";

    /// <summary>What both keys sign: the inner object exactly as go writes it.</summary>
    public static byte[] SignedBytes(string address, string peerId, long timestamp) =>
        Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $$"""{"SCAddr":"{{address}}","PeerID":"{{peerId}}","Timestamp":{{timestamp}}}"""));

    /// <summary>The key under which a record is stored. The place in the table depends on the exact text.</summary>
    /// <param name="checksummed">The address with its checksum in upper and lower case.</param>
    public static string KeyOf(string checksummed) => $"/{Namespace}/{checksummed}";

    /// <summary>Reads the JSON as go does: names in any case, unknown ones ignored, the last of several counts.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, [NotNullWhen(true)] out AddressRecord? record)
    {
        record = null;
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            if (reader.Read() || document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            JsonElement? data = null;
            byte[] peerIdSignature = [], addressSignature = [];
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (Is(member, "Data"))
                {
                    data = member.Value;
                }
                else if (Is(member, "PeerIdSig"))
                {
                    peerIdSignature = member.Value.GetBytesFromBase64();
                }
                else if (Is(member, "SCAddrSig"))
                {
                    addressSignature = member.Value.GetBytesFromBase64();
                }
            }

            record = data is { ValueKind: JsonValueKind.Object } inner ? ParseData(inner, peerIdSignature, addressSignature) : null;
            return record is not null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    /// <summary>The JSON as go writes it.</summary>
    public byte[] ToJson() =>
        [
            .. "{\"Data\":"u8, .. SignedBytes(Address, PeerId, Timestamp),
            .. Encoding.ASCII.GetBytes($",\"PeerIdSig\":\"{Convert.ToBase64String(PeerIdSignature)}\",\"SCAddrSig\":\"{Convert.ToBase64String(AddressSignature)}\"}}"),
        ];

    private static AddressRecord? ParseData(JsonElement data, byte[] peerIdSignature, byte[] addressSignature)
    {
        string address = "", peerId = "";
        var timestamp = 0L;
        foreach (var member in data.EnumerateObject())
        {
            if (Is(member, "SCAddr"))
            {
                address = member.Value.GetString() ?? "";
            }
            else if (Is(member, "PeerID"))
            {
                peerId = member.Value.GetString() ?? "";
            }
            else if (Is(member, "Timestamp") && !long.TryParse(
                         member.Value.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out timestamp))
            {
                return null;
            }
        }

        return new AddressRecord(address, peerId, timestamp, peerIdSignature, addressSignature);
    }

    private static bool Is(JsonProperty member, string name) => string.Equals(member.Name, name, StringComparison.OrdinalIgnoreCase);
}
