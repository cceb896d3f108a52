using Google.Protobuf;
using Nitro.Ports;
using Nitro.SignerProtocol;

namespace Nitro.SignerApi;

/// <summary>A request on the stage: some items of one lane. Apart from what it is made with, it is touched while the stage's gate is held.</summary>
internal sealed class StagedRequest
{
    private readonly SigningResult?[] _results;
    private int _told;
    private volatile bool _isEnded;

    public StagedRequest(uint id, string lane, IReadOnlyList<SigningJob> jobs)
    {
        (Id, Lane, Jobs) = (id, lane, jobs);
        _results = new SigningResult?[jobs.Count];
        Raw = Packed(jobs.SelectMany(job => job.Items));
        Preliminaries = [.. jobs[0].Preliminaries.Select(Packed)];
        Requests = [.. jobs[0].Contexts.Select(Pending)];
    }

    public uint Id { get; }

    public string Lane { get; }

    public IReadOnlyList<SigningJob> Jobs { get; }

    /// <summary>As every copy carries it.</summary>
    public ByteString Raw { get; }

    /// <summary>Evidence that every copy sends ahead, because it does not fit beside the rest.</summary>
    public IReadOnlyList<ByteString> Preliminaries { get; }

    /// <summary>The calls that caused it: those of all its jobs. Frozen here, so that every copy justifies itself alike.</summary>
    public IReadOnlyList<PendingRequest> Requests { get; }

    /// <summary>The newest copies, by attachment.</summary>
    public Dictionary<string, StagedCopy> Copies { get; } = [];

    /// <summary>How often it was given again after a temporary refusal.</summary>
    public int Retries { get; set; }

    /// <summary>How often it was given again because no answer came.</summary>
    public int Reminders { get; set; }

    /// <summary>It is off the stage: copies that wait to be sent need not be.</summary>
    public bool IsEnded => _isEnded;

    /// <summary>Every item has a final result.</summary>
    public bool IsDecided => Array.TrueForAll(_results, result => result is not null);

    /// <summary>Every item is refused; its first tag.</summary>
    public string? RefusedTag => Array.TrueForAll(_results, result => result is { RefusedTag: not null }) ? _results[0]!.Value.RefusedTag : null;

    /// <summary>Some attached signer has refused an item of its newest copy.</summary>
    public bool HasRefusals => Copies.Values.Any(copy => Array.Exists(copy.Refused, tag => tag is not null));

    /// <summary>
    /// Takes a verified answer in. A signature is final whichever copy it answers: it was made, whatever was said besides. A refusal counts
    /// only of the newest copy, and only once each attached signer has refused its own: what a signer still has to judge, it may sign.
    /// True: a signer refused for now, and its copy is the newest.
    /// </summary>
    public bool Take(string attachment, ulong delivery, IReadOnlyList<SigningResult> results)
    {
        var newest = Copies.TryGetValue(attachment, out var copy) && copy.Delivery == delivery ? copy : null;
        var isTemporary = false;
        for (var i = 0; i < _results.Length; i++)
        {
            if (results[i].RefusedTag is not { } tag)
            {
                _results[i] ??= results[i];
            }
            else if (newest is not null && results[i].IsTemporary)
            {
                isTemporary |= _results[i] is null;
            }
            else if (newest is not null)
            {
                newest.Refused[i] = tag;
                if (_results[i] is null && Copies.Values.All(each => each.Refused[i] is not null))
                {
                    _results[i] = results[i];
                }
            }
        }

        return isTemporary;
    }

    /// <summary>Tells the asker what is decided, in order, up to the first item that is not.</summary>
    public void Tell()
    {
        while (_told < _results.Length && _results[_told] is { } result)
        {
            Jobs[_told++].Done(result);
        }
    }

    /// <summary>It left the stage.</summary>
    public void End() => _isEnded = true;

    private static ByteString Packed(IEnumerable<ReadOnlyMemory<byte>> some)
    {
        var items = new SignItems { Version = SignerApiTerms.Version };
        items.Items.AddRange(some.Select(item => UnsafeByteOperations.UnsafeWrap(item)));
        return items.ToByteString();
    }

    private static PendingRequest Pending(CallContext call) => new()
    {
        Request = ByteString.CopyFrom(call.Payload.Span),
        Uri = call.Method,
        Signature = ByteString.CopyFrom(call.Signed.Signature.Span),
        Pubkey = ByteString.CopyFrom(call.PublicKey.Span),
        Timestamp = (ulong)call.Time,
        Envelope = ByteString.CopyFrom(call.Signed.Envelope.Span),
    };
}
