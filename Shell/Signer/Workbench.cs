using System.Threading.Channels;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Nitro.Signing;
using Nitro.SignerProtocol;
using Nitro.Storage;

namespace Nitro.Signer;

/// <summary>
/// Where all attachments' requests are judged, in the order in which they came. What waits is judged together: one commit of the memory, then
/// the signatures, then the answers. What a lost attachment brought is dropped before anything newer is judged: the node sends it again,
/// and an older copy must not be signed behind the refusal of a newer one.
/// </summary>
internal sealed class Workbench(SigningDesk desk, ContextCheck contexts, ILogger logger)
{
    private const int MostQueued = 1024;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Channel<Errand> _queue = Channel.CreateBounded<Errand>(new BoundedChannelOptions(MostQueued) { SingleReader = true });

    /// <summary>Takes a request; waits where too many wait already.</summary>
    public ValueTask PutAsync(Errand errand, CancellationToken cancellationToken) => _queue.Writer.WriteAsync(errand, cancellationToken);

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var inHand = new List<Errand>(SignerApiTerms.MostInFlight);
        while (await _queue.Reader.WaitToReadAsync(cancellationToken))
        {
            inHand.Clear();
            while (inHand.Count < SignerApiTerms.MostInFlight && _queue.Reader.TryRead(out var errand))
            {
                if (!errand.Attachment.IsLost)
                {
                    inHand.Add(errand);
                }
            }

            await JudgeAsync(inHand, cancellationToken);
        }
    }

    private async Task JudgeAsync(List<Errand> errands, CancellationToken cancellationToken)
    {
        var readings = await ReadAsync(errands, cancellationToken);
        var answers = await AnswerAsync([.. readings.SelectMany(reading => reading.Questions)], cancellationToken);
        var told = new Dictionary<Attachment, List<Answer>>();
        var next = 0;
        for (var i = 0; i < errands.Count; i++)
        {
            var groups = readings[i].Groups;
            if (errands[i].Request.Preliminary)
            {
                // What became of it shows in the answer to what comes next.
                next += groups.Count;
                continue;
            }

            var response = new HsmResponse
            {
                RequestId = errands[i].Request.RequestId,
                Delivery = errands[i].Request.Delivery,
                Error = readings[i].Error,
                Raw = readings[i].Error.Length > 0 ? ByteString.Empty : Results(groups, answers.Skip(next)),
            };
            next += groups.Count;
            if (!told.TryGetValue(errands[i].Attachment, out var answered))
            {
                told[errands[i].Attachment] = answered = [];
            }

            answered.Add(new Answer(response, errands[i].Request.TogetherAllowed));
        }

        foreach (var (attachment, answered) in told)
        {
            await attachment.AnswerAsync(answered, cancellationToken);
        }
    }

    /// <summary>One for each item: nothing is said of evidence, what became of it shows in what was wanted.</summary>
    private static ByteString Results(IReadOnlyList<ItemGroup> groups, IEnumerable<DeskAnswer> answers)
    {
        var results = new SignResults { Version = SignerApiTerms.Version };
        foreach (var (group, answer) in groups.Zip(answers))
        {
            results.Results.AddRange(Enumerable.Range(1, group.Count - 1).Select(_ => new SignResult()));
            results.Results.Add(new SignResult
            {
                Signature = ByteString.CopyFrom(answer.Signature.Span),
                Refused = answer.Tag ?? "",
                Temporary = answer.IsTemporary,
                Instead = ByteString.CopyFrom(answer.Instead.Span),
            });
        }

        return results.ToByteString();
    }

    /// <summary>What is asked, and whether the calls shown for it are what they claim. Tries until it can tell.</summary>
    private async Task<List<ItemReading>> ReadAsync(List<Errand> errands, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return errands.ConvertAll(errand => contexts.Judge(errand.Request, out var calls) is { } tag ? new([], [], tag) : ItemReading.Of(errand, calls));
            }
            catch (Exception e) when (e is SqliteException or StorageException)
            {
                logger.LogError("The calls behind a request cannot be judged, so nothing is signed: {Cause} The signer keeps trying", e.Message);
            }

            await Task.Delay(RetryDelay, cancellationToken);
        }
    }

    /// <summary>Tries until the memory is stored: a full disk is mended by people, and until then silence is the answer.</summary>
    private async Task<IReadOnlyList<DeskAnswer>> AnswerAsync(List<DeskQuestion> batch, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return batch.Count == 0 ? [] : desk.Answer(batch);
            }
            catch (Exception e) when (e is SqliteException or IOException)
            {
                logger.LogError("The memory cannot be stored, so nothing is signed: {Cause} Free disk space or mend the disk; the signer keeps trying", e.Message);
            }

            await Task.Delay(RetryDelay, cancellationToken);
        }
    }
}
