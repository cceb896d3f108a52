namespace Nitro.JsonRpc;

/// <summary>How a client reaches and trusts a node.</summary>
public sealed record RpcClientOptions
{
    /// <summary>The text of the node's token key file; needed where the node runs on another machine.</summary>
    public string? Secret { get; init; }

    /// <summary>PEM file of the certificate, or its authority, to trust instead of the system's.</summary>
    public string? TrustedCertificateFile { get; init; }

    /// <summary>The name the token carries.</summary>
    public string ClientId { get; init; } = "nitro";

    /// <summary>Time for one answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Largest answer in bytes.</summary>
    public int MaxAnswerBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Signs every call but the one for a token: given the method and params.payload as it is sent. Null: calls are unsigned.</summary>
    public Func<string, ReadOnlyMemory<byte>, Nitro.Ports.CallSignature>? Sign { get; init; }
}
