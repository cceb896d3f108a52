using Google.Protobuf;
using Nitro.Grpc;
using Nitro.SignerProtocol;

namespace Nitro.SignerApi;

/// <summary>Reads a signer's answer and recovers each signature: what is not by the expected key over what was asked is no answer at all.</summary>
internal sealed class AnswerCheck(RecoverSigner recover)
{
    private const int SignatureBytes = 65;
    private const int LongestTag = 200;

    /// <summary>What the answer says, item by item; null where a signature is another's or over something else.</summary>
    /// <exception cref="GrpcException">INVALID_ARGUMENT: it does not have the form of an answer to this request.</exception>
    public IReadOnlyList<SigningResult>? Read(HsmResponse response, StagedRequest request)
    {
        if (response.Error.Length > 0)
        {
            var refusal = new SigningResult(default, Tag(response.Error), IsTemporary: false);
            return [.. request.Jobs.Select(_ => refusal)];
        }

        var answer = Parse(response.Raw);
        if (answer.Version != SignerApiTerms.Version)
        {
            throw Malformed($"its results have version {answer.Version}; version {SignerApiTerms.Version} is understood here");
        }

        var items = request.Jobs.Sum(job => job.Items.Count);
        if (answer.Results.Count != items)
        {
            throw Malformed($"it has {answer.Results.Count} results for {items} items");
        }

        var results = new SigningResult[request.Jobs.Count];
        for (int i = 0, last = -1; i < results.Length; i++)
        {
            // What became of the evidence shows in the answer to what was wanted.
            last += request.Jobs[i].Items.Count;
            results[i] = Result(answer.Results[last]);
            if (results[i].RefusedTag is null && !IsBy(request.Jobs[i], results[i].Signature.Span))
            {
                return null;
            }
        }

        return results;
    }

    private static SignResults Parse(ByteString raw)
    {
        try
        {
            return SignResults.Parser.ParseFrom(raw);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Malformed($"its raw part is no SignResults message ({e.Message})");
        }
    }

    private static SigningResult Result(SignResult result) => (result.Signature.Length, result.Refused.Length) switch
    {
        (SignatureBytes, 0) => new SigningResult(result.Signature.Memory, null, false),
        (0, > 0) => new SigningResult(default, Tag(result.Refused), result.Temporary) { Instead = result.Instead.Memory },
        _ => throw Malformed("a result is either a signature of 65 bytes or the tag of a refusal"),
    };

    private static string Tag(string text) => text.Length <= LongestTag ? text : text[..LongestTag];

    private static GrpcException Malformed(string what) =>
        new(GrpcStatusCode.InvalidArgument, $"The answer cannot be read: {what}. The request stays.");

    private bool IsBy(SigningJob job, ReadOnlySpan<byte> signature)
    {
        Span<byte> signer = stackalloc byte[20];
        return recover(job.Digest.Span, signature, signer) && signer.SequenceEqual(job.Signer.Span);
    }
}
