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

        var answers = items.Items.Select(_ => new TaskCompletionSource<SigningResult>(TaskCreationOptions.RunContinuationsAsynchronously)).ToList();
        jobs = [.. items.Items.Zip(answers, (item, answer) => Job(item.Memory, addresses, answer))];
        return [.. answers.Select(answer => answer.Task)];
    }

    private static SigningJob Job(ReadOnlyMemory<byte> body, SignerAddresses addresses, TaskCompletionSource<SigningResult> answer) =>
        SignerCore.TryRead(body, out var read, out var error)
            ? new SigningJob(
                body, read.Digest, read.Key == SigningKey.Chain ? addresses.ChainBytes : addresses.ChannelBytes, result => answer.TrySetResult(result))
            : throw Malformed(error);

    private static GrpcException Malformed(string what) => new(GrpcStatusCode.InvalidArgument, $"The request cannot be read: {what}.");
}
