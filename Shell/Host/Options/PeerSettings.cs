namespace Nitro.Host.Options;

/// <summary>What is known of a peer. Configuration section <c>peers</c>, by address.</summary>
public sealed record PeerSettings
{
    /// <summary>The dialect of a go-nitro node.</summary>
    public const string GoNitro = "go-nitro";

    /// <summary>The dialect of our own nodes.</summary>
    public const string Nitro = "nitro";

    /// <summary><c>nitro</c> or <c>go-nitro</c>; fixed in a ledger when it is opened.</summary>
    public string Dialect { get; set; } = Nitro;

    /// <summary>Where the peer is: a multiaddr with its peer id. Null: it is found through the boot peers, or connects itself.</summary>
    public string? At { get; set; }
}
