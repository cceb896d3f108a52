using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Nitro.Ports;
using Nitro.SignerProtocol;

namespace Nitro.SignerApi;

/// <summary>
/// Hosts the pure stage: feeds it (submitted, attached, detached, answered, ticked) and carries out what it wants done, one event at a time on
/// the thread that brings it: nothing here waits. Askers are told in the order of their lane; a request that waits holds up its own lane alone.
/// </summary>
internal sealed class StageHost : IAsyncDisposable
{
    private const int PerLane = 64;
    private const int MostPending = 65_536;
    private const int Remembered = 4_096;
    private const int LowestId = 1_000;
    private static readonly TimeSpan TickTime = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<uint, StagedRequest> _pending = new();
    private readonly ConcurrentDictionary<string, Attachment> _attachments = new();
    private readonly LaneQueues _lanes = new();
    private readonly PriorityQueue<(StagedRequest Request, string Attachment, ulong Delivery), TimeSpan> _retries = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PeriodicTimer _timer = new(TickTime);
    private readonly Task _ticking;
    private readonly ILogger _logger;
    private readonly SilenceWatch _silence;
    private volatile StageHandle _stage = StageFactory.Create(PerLane, MostPending, Remembered, 0);

    /// <summary>Random per process: an answer to a request of an earlier process fits none of ours.</summary>
    private uint _nextId = (uint)RandomNumberGenerator.GetInt32(LowestId, 1 << 30);
    private uint _attachmentsMade;
    private long _wrongAnswers;

    /// <param name="logger">Where it complains.</param>
    /// <param name="patience">How long a signer may be silent about a request, by how often it was reminded.</param>
    public StageHost(ILogger logger, Func<int, TimeSpan> patience)
    {
        (_logger, _silence) = (logger, new SilenceWatch(patience));
        _ticking = Task.Run(TickAsync);
    }

    /// <summary>Ends with the stage: never by itself, unless by a mistake of ours.</summary>
    public Task Working => _end.Task;

    /// <summary>Whether signers are there, and what waits.</summary>
    public SignerHealth Health => Measure(_stage);

    /// <summary>An attached signer, or null.</summary>
    public Attachment? FindAttachment(ulong delivery) => _attachments.GetValueOrDefault(Attachment.NameOf(delivery));

    /// <summary>A request that waits, or null. What it was made with may be read on any thread.</summary>
    public StagedRequest? FindRequest(uint id) => _pending.GetValueOrDefault(id);

    /// <summary>An answer came that cannot be an answer to what was asked.</summary>
    public void CountWrongAnswer() => Interlocked.Increment(ref _wrongAnswers);

    /// <summary>Puts jobs of one lane on the stage, in order.</summary>
    /// <exception cref="InvalidOperationException">The stage is full: try again later. Nothing was put there.</exception>
    public void Submit(string lane, IReadOnlyList<SigningJob> jobs, bool isTimeCritical)
    {
        if (!Do(() => TrySubmit(lane, SigningJob.Together(jobs), isTimeCritical)))
        {
            throw new InvalidOperationException("as many signing requests wait as are allowed");
        }
    }

    /// <summary>Nobody waits for this lane any more.</summary>
    public void Close(string lane) => TryDo(() => Perform(StageCore<StagedRequest>.Close(_stage, lane)), out _);

    /// <summary>A signer came: it gets all that waits, in order.</summary>
    /// <exception cref="InvalidOperationException">The stage has stopped.</exception>
    public Attachment Attach() => Do(AttachNext);

    /// <summary>Its stream ended.</summary>
    public void Detach(Attachment attachment) => TryDo(() => Detach(attachment.Name), out _);

    /// <summary>A signer's answer, already verified item by item. What became of it.</summary>
    /// <exception cref="InvalidOperationException">The stage has stopped.</exception>
    public StageAck Answer(uint id, ulong delivery, IReadOnlyList<SigningResult> results) => Do(() => Take(id, delivery, results));

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _end.TrySetResult();
        }

        _timer.Dispose();
        await _ticking;
    }

    private SignerHealth Measure(StageHandle stage) => new(
        stage.Attached, stage.Waiting, stage.TimeCritical, stage.OldestAge, Interlocked.Read(ref _wrongAnswers));

    /// <exception cref="InvalidOperationException">The stage has stopped.</exception>
    private T Do<T>(Func<T> work) =>
        TryDo(work, out var result) ? result : throw new InvalidOperationException("the stage of signing requests has stopped", _end.Task.Exception);

    /// <summary>One event. A mistake of ours ends the stage: what it knows may be half of what happened. False where it has ended.</summary>
    private bool TryDo<T>(Func<T> work, [MaybeNullWhen(false)] out T result)
    {
        result = default;
        lock (_gate)
        {
            if (_end.Task.IsCompleted)
            {
                return false;
            }

            try
            {
                result = work();
                return true;
            }
            catch (Exception e)
            {
                _end.TrySetException(e);
                return false;
            }
        }
    }

    private async Task TickAsync()
    {
        while (await _timer.WaitForNextTickAsync())
        {
            TryDo(Tick, out _);
        }
    }

    private bool Tick()
    {
        var now = Stopwatch.GetElapsedTime(_start);
        Perform(StageCore<StagedRequest>.Tick(_stage, (long)now.TotalMilliseconds));
        while (_retries.TryPeek(out var retry, out var due) && due <= now)
        {
            _retries.Dequeue();
            if (!retry.Request.IsEnded && retry.Request.Copies.TryGetValue(retry.Attachment, out var copy) && copy.Delivery == retry.Delivery)
            {
                Deliver(retry.Attachment, retry.Request);
            }
        }

        foreach (var (attachment, request) in _silence.Overdue(_pending.Values, now))
        {
            Deliver(attachment, request);
        }

        return true;
    }

    private bool TrySubmit(string lane, IReadOnlyList<IReadOnlyList<SigningJob>> parts, bool isTimeCritical)
    {
        if (_stage.Waiting + parts.Count > MostPending || _lanes.Waiting(lane) + parts.Count > PerLane)
        {
            return false;
        }

        foreach (var some in parts)
        {
            var request = new StagedRequest(_nextId++, lane, some);
            _pending[request.Id] = request;
            _lanes.Add(request);
            Perform(StageCore<StagedRequest>.Submit(_stage, request.Id, lane, isTimeCritical));
        }

        return true;
    }

    private Attachment AttachNext()
    {
        var attachment = new Attachment(++_attachmentsMade);
        _attachments[attachment.Name] = attachment;
        Perform(StageCore<StagedRequest>.Attach(_stage, attachment.Name));
        return attachment;
    }

    private bool Detach(string name)
    {
        _attachments.TryRemove(name, out _);
        Perform(StageCore<StagedRequest>.Detach(_stage, name));
        foreach (var request in _pending.Values.OrderBy(request => request.Id))
        {
            // The lost signer may be signing its copy at this moment: those that refused judge once more, behind that.
            if (request.Copies.Remove(name) && request.HasRefusals)
            {
                foreach (var other in request.Copies.Keys.ToList())
                {
                    Deliver(other, request);
                }
            }
        }

        return true;
    }

    private StageAck Take(uint id, ulong delivery, IReadOnlyList<SigningResult> results)
    {
        var name = Attachment.NameOf(delivery);
        if (!_pending.TryGetValue(id, out var request) || results.Count != request.Jobs.Count)
        {
            return Perform(StageCore<StagedRequest>.Refuse(_stage, name, id, "", isTemporary: true));
        }

        var isRetry = request.Take(name, delivery, results);
        StageAck ack;
        if (request.IsDecided)
        {
            ack = Perform(request.RefusedTag is { } tag
                ? StageCore<StagedRequest>.Refuse(_stage, name, id, tag, isTemporary: false)
                : StageCore<StagedRequest>.Reply(_stage, name, id, request));
        }
        else
        {
            ack = Perform(StageCore<StagedRequest>.Refuse(_stage, name, id, "", isTemporary: true));
            if (isRetry)
            {
                Retry(request, name, delivery);
            }
        }

        _lanes.Tell(request.Lane);
        return ack;
    }

    private void Retry(StagedRequest request, string attachment, ulong delivery)
    {
        if (request.Copies[attachment].IsRetried)
        {
            return;
        }

        request.Copies[attachment].IsRetried = true;
        var wait = RetryWait.After(request.Retries++);
        _retries.Enqueue((request, attachment, delivery), Stopwatch.GetElapsedTime(_start) + wait);
    }

    private void Deliver(string attachment, StagedRequest request)
    {
        if (_attachments.TryGetValue(attachment, out var signer))
        {
            request.Copies[attachment] = new StagedCopy(signer.Deliver(request), request.Jobs.Count, Stopwatch.GetElapsedTime(_start));
        }
    }

    /// <summary>The new state first, then its effects in order. The acknowledgement among them, where there is one.</summary>
    private StageAck Perform(StageStep<StagedRequest> step)
    {
        _stage = step.Stage;
        var performer = new Performer(this);
        foreach (var effect in step.Effects)
        {
            effect.Dispatch(performer);
        }

        return performer.Ack;
    }

    private void End(uint id)
    {
        if (_pending.TryRemove(id, out var request))
        {
            request.End();
            _lanes.Tell(request.Lane);
        }
    }

    private sealed class Performer(StageHost host) : StageEffectHandler<StagedRequest, bool>
    {
        public StageAck Ack { get; private set; } = StageAck.Unknown;

        public override bool Deliver(string signer, uint id)
        {
            host.Deliver(signer, host._pending[id]);
            return true;
        }

        public override bool Reject(uint id, StageRejection reason)
        {
            host._logger.LogCritical("The stage rejects request {Id}: {Reason}. It is a bug, report it with the log", id, reason);
            host.End(id);
            return true;
        }

        public override bool Complete(uint id, string connection, StagedRequest body) => Ended(id);

        public override bool Fail(uint id, string connection, string tag) => Ended(id);

        public override bool Cancel(uint id) => Ended(id);

        public override bool Acknowledge(string signer, uint id, StageAck ack)
        {
            Ack = ack;
            return true;
        }

        private bool Ended(uint id)
        {
            host.End(id);
            return true;
        }
    }
}
