using Microsoft.AspNetCore.Server.Kestrel.Https;
using Nitro.Grpc;
using Nitro.SignerProtocol;

namespace Nitro.SignerApi;

/// <summary>A node's TCP entrance for signers: TLS with the node's transport key, and who comes shows one of its own.</summary>
/// <param name="Key">The node's; whoever pairs pins it.</param>
/// <param name="Paired">Who may come in.</param>
public sealed record PairedDoor(TransportKey Key, PairedSigners Paired)
{
    /// <summary>For the endpoint. Any certificate is taken here: whose it is, each call is asked.</summary>
    public HttpsConnectionAdapterOptions Tls => new()
    {
        ServerCertificate = Key.Certificate,
        ClientCertificateMode = ClientCertificateMode.RequireCertificate,
        ClientCertificateValidation = (_, _, _) => true,
    };

    /// <summary>Lets paired signers pass.</summary>
    /// <exception cref="GrpcException">PERMISSION_DENIED: it is not paired.</exception>
    internal void Admit(GrpcServerCall call)
    {
        if (!Paired.Contains(Fingerprint(call)))
        {
            throw new GrpcException(
                GrpcStatusCode.PermissionDenied,
                "This signer is not paired with the node. Run 'nitro pair' where the node is, and start the signer once with --pair and the code that it prints.");
        }
    }

    /// <summary>Takes a new signer.</summary>
    /// <exception cref="GrpcException">PERMISSION_DENIED: no pairing is open for this token.</exception>
    internal void Pair(PairRequest request, GrpcServerCall call)
    {
        if (!Paired.TryPair(request.Token, Fingerprint(call)))
        {
            throw new GrpcException(
                GrpcStatusCode.PermissionDenied, "No pairing is open for this code: it was used, or is too old. Run 'nitro pair' again.");
        }
    }

    private static string Fingerprint(GrpcServerCall call) =>
        call.ClientCertificate is { } certificate ? TransportKey.FingerprintOf(certificate) : "";
}
