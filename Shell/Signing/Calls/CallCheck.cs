using System.Globalization;
using System.Security.Cryptography;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Signing.Calls;

/// <summary>
/// Judges signed calls, at the node and once more at the signer, each with its own list of devices and its own memory of what it has seen.
/// </summary>
public sealed class CallCheck(ReadOnlyMemory<byte> node, DeviceList devices, CallLedger ledger, TimeProvider time)
{
    /// <summary>How far a device's clock may be behind when a call is first seen.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>It travels to the signer with every signature that it causes.</summary>
    public const int MostPayloadBytes = 64 * 1024;

    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Judges one call, and remembers it durably where it counts. <paramref name="requestId"/>: under which the node carries it out, empty at a
    /// signer. The refusal, or the call.
    /// </summary>
    /// <param name="signed">As it was sent.</param>
    /// <param name="method">As it was called.</param>
    /// <param name="payload">As it was sent.</param>
    /// <param name="requestId">See above.</param>
    /// <param name="context">The call, once it counts.</param>
    /// <param name="isNew">False: exactly this call was remembered before.</param>
    /// <exception cref="StorageException">The list of devices cannot be read.</exception>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">What was seen cannot be stored: nothing may rest on this call.</exception>
    public CallRefusal? Judge(
        CallSignature signed, string method, ReadOnlyMemory<byte> payload, string requestId, out CallContext? context, out bool isNew)
    {
        (context, isNew) = (null, false);
        if (payload.Length > MostPayloadBytes)
        {
            return new("call-too-large", $"the payload of a signed call may have {MostPayloadBytes} bytes, and this has {payload.Length}", "send it without needless spaces");
        }

        if (!SignedCall.TryRead(signed.Envelope, out var call, out var error))
        {
            return new("signature-malformed", $"signed.envelope cannot be read: {error}", "build it as docs/operations.md says, under 'Signed calls'");
        }

        if (devices.Find(call.Credential.Span) is not { } key)
        {
            return new(
                "device-unknown",
                $"no device with the credential {Convert.ToHexStringLower(call.Credential.Span)} is enrolled here",
                "enrol it: 'nitro device enrol' at the node, 'nitro signer devices enrol' at the signer");
        }

        if (!DeviceSignature.IsBy(key, signed.Envelope.Span, signed.Signature.Span))
        {
            return new("signature-wrong", "signed.signature is not the device's signature over signed.envelope", "sign the envelope's bytes as they are, with ECDSA P-256 and SHA-256");
        }

        if (Misfit(call, method, payload) is { } misfit)
        {
            return misfit;
        }

        var found = new CallContext(method, payload, signed, key, call.Time);
        var age = time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(call.Time, 0, 253402300799999));
        if (age > Window || age < -Ahead)
        {
            // What was seen in time stays good: the signer may be asked for its consequences much later.
            if (!ledger.Knows(call, signed.Envelope))
            {
                return Stale(age);
            }

            context = found;
            return null;
        }

        (var refusal, isNew) = ledger.Note(call, found, requestId, time.GetUtcNow());
        context = refusal is null ? found : null;
        return refusal;
    }

    private static CallRefusal Stale(TimeSpan age) => new(
        "call-stale",
        string.Create(
            CultureInfo.InvariantCulture,
            $"the envelope's time is {Math.Abs(age.TotalSeconds):0} seconds {(age > TimeSpan.Zero ? "behind" : "ahead of")} the clock here; it may be {Window.TotalSeconds:0} behind or {Ahead.TotalSeconds:0} ahead"),
        "set the clocks, then sign anew");

    private CallRefusal? Misfit(SignedCall call, string method, ReadOnlyMemory<byte> payload) =>
        !call.Node.Span.SequenceEqual(node.Span) ? new(
            "call-other-node", $"it was signed for the node 0x{Convert.ToHexStringLower(call.Node.Span)}", "sign it for this node: get_address tells its address")
        : call.Method != method ? new("call-other-method", $"it was signed for the method {call.Method}, and {method} was called", "sign the method that is called")
        : !call.PayloadHash.Span.SequenceEqual(SHA256.HashData(payload.Span)) ? new(
            "call-other-payload", "it was signed over other bytes than params.payload has", "hash params.payload byte for byte as it is sent, its spaces too")
        : null;
}
