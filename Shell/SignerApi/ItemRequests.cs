using Google.Protobuf;
using Nitro.Grpc;
using Nitro.Signing;
using Nitro.SignerProtocol;

namespace Nitro.SignerApi;

/// <summary>Reads what somebody outside the node wants to be signed.</summary>
internal static class ItemRequests
{
    /// <summary>The answers to come, and the jobs that bring them.</summary>
    /// <exception cref="GrpcException">INVALID_ARGUMENT: it cannot be read.</exception>
    public static IReadOnlyList<Task<SigningResult>> Read(ByteString raw, SignerAddresses addresses, out IReadOnlyList<SigningJob> jobs)
    {
        SignItems items;
        try
        {
            items = SignItems.Parser.ParseFrom(raw);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Malformed($"raw is no SignItems message ({e.Message})");
        }

        if (items.Version != SignerApiTerms.Version)
        {
            throw Malformed($"its items have version {items.Version}; version {SignerApiTerms.Version} is understood here");
        }

        if (items.Items.Count is 0 or > SignerApiTerms.MostItems)
        {
            throw Malformed($"it has {items.Items.Count} items; 1 to {SignerApiTerms.MostItems} are taken");
        }

        var answers = new List<Task<SigningResult>>();
        var read = new List<SigningJob>();
        var group = new List<ReadOnlyMemory<byte>>();
        foreach (var body in items.Items)
        {
            var item = SignerCore.TryRead(body.Memory, out var found, out var error) ? found : throw Malformed(error);
            group.Add(body.Memory);
            if (!item.IsWanted)
            {
                // What became of evidence shows in the answer to what is wanted.
                answers.Add(Task.FromResult(new SigningResult(default, null, false)));
                continue;
            }

            var answer = new TaskCompletionSource<SigningResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            answers.Add(answer.Task);
            read.Add(Job(group, item, addresses, answer));
            group = [];
        }

        jobs = group.Count == 0 ? read : throw Malformed("evidence stands last, and nothing is wanted of it");
        return answers;
    }

    private static SigningJob Job(
        List<ReadOnlyMemory<byte>> items, SigningItem wanted, SignerAddresses addresses, TaskCompletionSource<SigningResult> answer) =>
        wanted.Digest is { IsEmpty: false } digest
            ? new SigningJob(
                items, digest, wanted.Key == SigningKey.Chain ? addresses.ChainBytes : addresses.ChannelBytes, result => answer.TrySetResult(result))
            : throw Malformed("a ledger's proposal can be asked for by the node alone, which knows what it makes of the ledger");

    private static GrpcException Malformed(string what) => new(GrpcStatusCode.InvalidArgument, $"The request cannot be read: {what}.");
}
