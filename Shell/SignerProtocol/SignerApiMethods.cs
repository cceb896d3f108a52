using Nitro.Grpc;

namespace Nitro.SignerProtocol;

/// <summary>The methods that a node serves for its signers, and for those who have something to be signed.</summary>
public static class SignerApiMethods
{
    private const string Node = "greenlight.Node";
    private const string Hsm = "greenlight.Hsm";
    private const string Pairing = "nitro.signer.Pairing";

    /// <summary>A signer attaches: requests and heartbeats come until the call ends.</summary>
    public static GrpcMethod<Empty, HsmRequest> StreamHsmRequests { get; } = new(Node, "StreamHsmRequests", GrpcMethodKind.ServerStreaming);

    /// <summary>A signer answers.</summary>
    public static GrpcMethod<HsmResponse, Empty> RespondHsmRequest { get; } = new(Node, "RespondHsmRequest", GrpcMethodKind.Unary);

    /// <summary>A signer with a pairing code makes its transport key known; its client certificate carries that key.</summary>
    public static GrpcMethod<PairRequest, PairResponse> Pair { get; } = new(Pairing, "Pair", GrpcMethodKind.Unary);

    /// <summary>Has items signed by whichever signer is attached, and waits for it.</summary>
    public static GrpcMethod<HsmRequest, HsmResponse> Request { get; } = new(Hsm, "Request", GrpcMethodKind.Unary);

    /// <summary>Tells that the node is there.</summary>
    public static GrpcMethod<Empty, Empty> Ping { get; } = new(Hsm, "Ping", GrpcMethodKind.Unary);
}
