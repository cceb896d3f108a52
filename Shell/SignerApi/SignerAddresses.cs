using System.Text.Json.Serialization;

namespace Nitro.SignerApi;

/// <summary>All that a node learns of its signer: the addresses of its two keys, 0x and 40 lower-case digits each.</summary>
/// <param name="Channel">The channel key's: the node's name in channels.</param>
/// <param name="Chain">The account that sends the transactions.</param>
public sealed record SignerAddresses(string Channel, string Chain)
{
    private const int AddressBytes = 20;

    /// <summary><see cref="Channel"/>, 20 bytes.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte> ChannelBytes => Convert.FromHexString(Channel.AsSpan(2));

    /// <summary><see cref="Chain"/>, 20 bytes.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte> ChainBytes => Convert.FromHexString(Chain.AsSpan(2));

    /// <summary>Null where either is no address.</summary>
    public static SignerAddresses? TryRead(string? channel, string? chain) =>
        IsAddress(channel) && IsAddress(chain) ? new SignerAddresses(channel!.ToLowerInvariant(), chain!.ToLowerInvariant()) : null;

    private static bool IsAddress(string? text) =>
        text is not null && text.Length == 2 + (2 * AddressBytes) && text.StartsWith("0x", StringComparison.Ordinal)
        && !text.AsSpan(2).ContainsAnyExcept("0123456789abcdefABCDEF");
}
