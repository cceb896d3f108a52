namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>One call as the stand-in node received it.</summary>
internal sealed record StandInCall(string Method, string Payload, string? RequestId)
{
    /// <summary>What was under params.signed.</summary>
    public Nitro.Ports.CallSignature? Signature { get; init; }
}
