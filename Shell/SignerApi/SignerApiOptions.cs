using Nitro.Grpc;

namespace Nitro.SignerApi;

/// <summary>Where a node waits for its signers, and whom it knows already.</summary>
public sealed record SignerApiOptions
{
    /// <summary>Where signers attach.</summary>
    public required GrpcEndpoint Endpoint { get; init; }

    /// <summary>Serves <c>greenlight.Hsm</c> too: for Unix sockets, which their owner alone can reach.</summary>
    public bool ServesHsm { get; init; }

    /// <summary>Who may come over TCP; null for Unix sockets.</summary>
    public PairedDoor? Door { get; init; }

    /// <summary>Whose node this is; null before the first contact.</summary>
    public SignerAddresses? Known { get; init; }

    /// <summary>How long a signer may be silent about a request before it is given it again, by how often it was.</summary>
    internal Func<int, TimeSpan> Patience { get; init; } = RetryWait.Patience;
}
