namespace Nitro.SignerProtocol;

/// <summary>What node and signer agree on beyond the messages.</summary>
public static class SignerApiTerms
{
    /// <summary>Metadata of StreamHsmRequests: the channel key's address, 0x and 40 digits.</summary>
    public const string ChannelAddress = "nitro-channel-address";

    /// <summary>Metadata of StreamHsmRequests: the chain account, 0x and 40 digits.</summary>
    public const string ChainAccount = "nitro-chain-account";

    /// <summary>Trailer of RespondHsmRequest: what became of the answer (accepted, duplicate, unknown, retained); of each, in order and with commas
    /// between them, where several came in one call.</summary>
    public const string Ack = "nitro-ack";

    /// <summary>What became of one of several answers that is none.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>What became of an answer to something that was not asked, or by another key.</summary>
    public const string Unknown = "unknown";

    /// <summary>The version of items that is spoken here: Request.V1.</summary>
    public const uint Version = 1;

    /// <summary>The most items in one request.</summary>
    public const int MostItems = 256;

    /// <summary>The most bytes of items that a node puts into one request, unless one item alone has more: half of what a message may have.</summary>
    public const int MostItemBytes = 2 * 1024 * 1024;

    /// <summary>Requests that a signer has in hand at a time; further ones stay in the stream.</summary>
    public const int MostInFlight = 64;

    /// <summary>The most answers that a signer gives in one call: the node checks them one after the other, and several calls beside each other.</summary>
    public const int MostTogether = 16;

    /// <summary>How often the node says that it is there; a signer answers each.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(500);

    /// <summary>A side that has heard nothing for so long takes the link for dead.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(2300);

    /// <summary>What a heartbeat carries: message 2008 of the hsmd wire.</summary>
    public static ReadOnlySpan<byte> HeartbeatRaw => [0x07, 0xd8];

    /// <summary>What its answer carries: message 2108.</summary>
    public static ReadOnlySpan<byte> HeartbeatReplyRaw => [0x08, 0x3c];
}
