using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Nitro.Grpc;
using Nitro.SignerProtocol;

namespace Nitro.Signer;

/// <summary>The link to a node over TCP: each side shows its transport key, and pins the other's.</summary>
internal static class Pairing
{
    private static readonly GrpcCallOptions Patience = new() { Timeout = TimeSpan.FromSeconds(15) };

    /// <summary>
    /// Makes this signer known to the node of the code, and keeps whose key that is. False: it was paired with that node before and the
    /// code is used up, as it is when the same command line is started once more.
    /// </summary>
    /// <exception cref="SignerSetupException">It is no code, or the node does not take it or is not the one.</exception>
    public static async Task<bool> PairAsync(string text, SignerOptions options, CancellationToken cancellationToken)
    {
        if (!PairingCode.TryParse(text, out var code))
        {
            throw new SignerSetupException("That is no pairing code: give the whole line that 'nitro pair' printed, in quotes.");
        }

        var node = new PairedNode(code.Node.GetLeftPart(UriPartial.Authority), code.Fingerprint);
        using var key = TransportKey.LoadOrCreate(options.TransportKeyPath);
        using var channel = new GrpcChannel(code.Node, Options(key, code.Fingerprint));
        try
        {
            await channel.UnaryAsync(SignerApiMethods.Pair, new PairRequest { Token = code.Token }, Patience, cancellationToken);
        }
        catch (GrpcException e) when (e.Code == GrpcStatusCode.PermissionDenied && PairedNodes.Load(options.PairedNodesPath).Contains(node))
        {
            return false;
        }
        catch (GrpcException e)
        {
            throw new SignerSetupException($"{code.Node} did not pair with this signer: {e.Message}", e);
        }

        PairedNodes.Add(options.PairedNodesPath, node);
        return true;
    }

    /// <summary>How to reach a paired node. Names and authorities mean nothing here: the key is the node.</summary>
    public static GrpcChannelOptions Options(TransportKey key, string fingerprint) => new()
    {
        ConnectTimeout = TimeSpan.FromSeconds(5),
        Tls = new SslClientAuthenticationOptions
        {
            ClientCertificates = [key.Certificate],
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                certificate is X509Certificate2 shown && TransportKey.FingerprintOf(shown) == fingerprint,
        },
    };
}
