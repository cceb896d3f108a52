using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Nitro.Ports;

namespace Nitro.SignerApi;

/// <summary>The channel key is elsewhere: requests go on the stage, and come back when an attached signer has answered them.</summary>
public sealed class RemoteSigner : ISigner
{
    private readonly StageHost _stage;
    private readonly Lock _gate = new();
    private readonly HashSet<long> _staged = [];
    private readonly Channel<SignAnswer> _answers = Channel.CreateUnbounded<SignAnswer>(new UnboundedChannelOptions { SingleReader = true });

    internal RemoteSigner(StageHost stage, ReadOnlyMemory<byte> address)
    {
        _stage = stage;
        ChannelAddress = address;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> ChannelAddress { get; }

    /// <summary>True: the stage has recovered every signature that comes from here, over what was asked and to this address.</summary>
    public bool IsTrusted => true;

    /// <inheritdoc/>
    public SignerHealth Health => _stage.Health;

    /// <inheritdoc/>
    public ValueTask SubmitAsync(IReadOnlyList<SignRequest> requests, CancellationToken cancellationToken)
    {
        foreach (var lane in requests.GroupBy(request => request.Lane, StringComparer.Ordinal))
        {
            var fresh = Fresh(lane);
            if (fresh.Count == 0)
            {
                continue;
            }

            try
            {
                _stage.Submit(lane.Key, [.. fresh.Select(Job)], isTimeCritical: false);
            }
            catch
            {
                Forget(fresh);
                throw;
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IReadOnlyList<SignAnswer>> AnswersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _ = _stage.Working.ContinueWith(loop => _answers.Writer.TryComplete(loop.Exception), ended.Token, TaskContinuationOptions.None, TaskScheduler.Default);
        while (await _answers.Reader.WaitToReadAsync(cancellationToken))
        {
            var batch = new List<SignAnswer>();
            while (_answers.Reader.TryRead(out var answer))
            {
                batch.Add(answer);
            }

            yield return batch;
        }
    }

    /// <summary>Asks nothing more. What waits on the stage is asked again by the next process, out of the journal.</summary>
    public ValueTask DisposeAsync()
    {
        _answers.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    /// <summary>Those that are not on the stage yet: whoever waits long asks again for the same.</summary>
    private List<SignRequest> Fresh(IEnumerable<SignRequest> requests)
    {
        lock (_gate)
        {
            return [.. requests.Where(request => _staged.Add(request.EffectId))];
        }
    }

    private void Forget(IEnumerable<SignRequest> requests)
    {
        lock (_gate)
        {
            _staged.ExceptWith(requests.Select(request => request.EffectId));
        }
    }

    private SigningJob Job(SignRequest request) =>
        new(request.Items, request.Digest, ChannelAddress, result => Answer(request.EffectId, result)) { Contexts = request.Contexts };

    private void Answer(long effectId, SigningResult result)
    {
        lock (_gate)
        {
            _staged.Remove(effectId);
        }

        _answers.Writer.TryWrite(new SignAnswer(effectId, result.Signature, result.RefusedTag) { Instead = result.Instead });
    }
}
