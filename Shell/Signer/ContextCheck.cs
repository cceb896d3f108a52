using Microsoft.Extensions.Logging;
using Nitro.Ports;
using Nitro.Signing.Calls;
using Nitro.SignerProtocol;

namespace Nitro.Signer;

/// <summary>Verifies the calls that a node shows for a request, by the signer's own list of devices, clock and memory.</summary>
internal sealed class ContextCheck(CallCheck check, ILogger logger)
{
    /// <summary>Null where all of them are good, or there are none; otherwise the tag of the refusal.</summary>
    /// <param name="request">As it came.</param>
    /// <param name="calls">Those that count.</param>
    /// <exception cref="Nitro.Storage.StorageException">The list of devices cannot be read.</exception>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">What was seen cannot be stored.</exception>
    public string? Judge(HsmRequest request, out IReadOnlyList<CallContext> calls)
    {
        calls = [];
        var good = new List<CallContext>(request.Requests.Count);
        foreach (var call in request.Requests)
        {
            var signed = new CallSignature(call.Envelope.Memory, call.Signature.Memory);
            if (check.Judge(signed, call.Uri, call.Request.Memory, "", out var context, out _) is { } refusal)
            {
                logger.LogWarning(
                    "Request {Id} is refused: the call shown for it does not count ({Tag}): {Cause}; {Next}", request.RequestId, refusal.Tag, refusal.Message, refusal.Next);
                return refusal.Tag;
            }

            good.Add(context!);
        }

        calls = good;
        return null;
    }
}
