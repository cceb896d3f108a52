namespace Nitro.Ports;

/// <summary>How a tenant stands on the network.</summary>
/// <param name="Addresses">Where others reach it, each with its peer id: what an operator gives to the other side. Empty where nothing listens.</param>
/// <param name="Peers">State channel peers that are connected.</param>
/// <param name="Connections">Connections in all, those of strangers that only share address records too.</param>
/// <param name="BytesSent">Of messages, since the start.</param>
/// <param name="BytesReceived">Of messages, since the start.</param>
/// <param name="HeldBack">Messages of go-nitro peers that wait here until the node can take them.</param>
public sealed record LinkHealth(IReadOnlyList<string> Addresses, int Peers, int Connections, long BytesSent, long BytesReceived, int HeldBack)
{
    /// <summary>No network.</summary>
    public static LinkHealth None { get; } = new([], 0, 0, 0, 0, 0);
}
