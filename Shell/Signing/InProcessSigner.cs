using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Nitro.Ports;
using Nitro.Secp256k1;

namespace Nitro.Signing;

/// <summary>
/// Holds the keys in this process. Requests that wait are decided together in order by the owner's policy, what they changed is made
/// durable in one transaction, and only then are signatures made and answered, as one batch. Without a durable memory there is no answer.
/// </summary>
public sealed class InProcessSigner : ISigner
{
    private readonly InProcessSignerOptions options;
    private readonly byte[] key;
    private readonly byte[]? chainKey;
    private readonly SigningDesk desk;
    private readonly MemoryStore memory;
    private readonly Channel<DeskRequest> requests;
    private readonly PostponedRequests postponed = new();
    private readonly Channel<IReadOnlyList<SignAnswer>> answers;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task working;
    private int isDisposed;

    private InProcessSigner(InProcessSignerOptions options, byte[] key, byte[] address, MemoryStore memory)
    {
        this.options = options;
        this.key = key;
        this.memory = memory;
        chainKey = options.ChainKey?.ToArray();
        ChannelAddress = address;
        desk = new SigningDesk(key, chainKey, memory, options.Time, options.ParallelFrom);
        requests = Channel.CreateBounded<DeskRequest>(new BoundedChannelOptions(options.MostWaiting) { SingleReader = true });
        answers = Channel.CreateBounded<IReadOnlyList<SignAnswer>>(new BoundedChannelOptions(64) { SingleWriter = true });
        working = Task.Run(WorkAsync);
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> ChannelAddress { get; }

    /// <summary>
    /// True. The digest comes from the request by the same code that a check would use, the key was compared with the address when the
    /// signer was opened, and a signature that a faulty machine spoilt is refused by the peer, since nobody takes one unchecked.
    /// </summary>
    public bool IsTrusted => true;

    /// <summary>Signs the chain account's transactions, by the same policy and out of the same memory.</summary>
    /// <exception cref="InvalidOperationException">It was opened without that key.</exception>
    public ITransactionSigner Transactions => chainKey is null
        ? throw new InvalidOperationException("This signer has no chain account.")
        : new DeskTransactionSigner(AddressOf(chainKey), requests.Writer);

    /// <summary>What was done so far.</summary>
    public SignerStatistics Statistics => desk.Statistics;

    /// <summary>Channels that it remembers; what is over it forgets. To be asked before it is given requests.</summary>
    public int Remembered => memory.Memory.Channels;

    /// <summary>Opens the memory and starts to work.</summary>
    /// <param name="privateKey">32 bytes; copied.</param>
    /// <param name="options">Where the memory is, and what else the signer has.</param>
    /// <param name="cancellationToken">Gives up opening.</param>
    /// <exception cref="KeyFileException">Not a key of the curve.</exception>
    /// <exception cref="MarksException">The memory is in use, damaged or another key's.</exception>
    public static Task<InProcessSigner> OpenAsync(
        ReadOnlyMemory<byte> privateKey, InProcessSignerOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Task.Run(() => Open(privateKey.Span, options), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask SubmitAsync(IReadOnlyList<SignRequest> requests, CancellationToken cancellationToken)
    {
        foreach (var request in requests)
        {
            await this.requests.Writer.WriteAsync(new DeskRequest(request.EffectId, request.Items, request.Contexts, null), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IReadOnlyList<SignAnswer>> AnswersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in answers.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return batch;
        }
    }

    /// <summary>Stops after the batch in hand, closes the memory and forgets the keys. Requests that wait get no answer.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) != 0)
        {
            return;
        }

        requests.Writer.TryComplete();
        await stopping.CancelAsync().ConfigureAwait(false);
        try
        {
            await working.ConfigureAwait(false);
        }
        finally
        {
            memory.Dispose();
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(chainKey);
            stopping.Dispose();
        }
    }

    private static InProcessSigner Open(ReadOnlySpan<byte> privateKey, InProcessSignerOptions options)
    {
        var address = AddressOf(privateKey);
        if (options.ChainKey is { } chain)
        {
            AddressOf(chain.Span);
        }

        return new InProcessSigner(options, privateKey.ToArray(), address, MemoryStore.Open(options.MarksPath, address, options.Policy, options.MaximumBytes));
    }

    private static byte[] AddressOf(ReadOnlySpan<byte> privateKey)
    {
        var address = new byte[20];
        return Curve.Default.TryGetAddress(privateKey, address)
            ? address
            : throw new KeyFileException("The key is no secp256k1 key: give 32 bytes, neither zero nor above the curve's order.");
    }

    private async Task WorkAsync()
    {
        var batch = new List<DeskRequest>();
        try
        {
            while (await MoreAsync(batch).ConfigureAwait(false))
            {
                var answered = Sorted(batch, await AnswerAsync(batch).ConfigureAwait(false));
                if (answered.Count > 0)
                {
                    await answers.Writer.WriteAsync(answered, stopping.Token).ConfigureAwait(false);
                }

                batch.Clear();
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Whoever asked asks again after the restart.
        }
        catch (Exception e)
        {
            // Readers of answers hear of it; nothing can be signed any more.
            requests.Writer.TryComplete(e);
            answers.Writer.TryComplete(e);
            return;
        }

        answers.Writer.TryComplete();
    }

    /// <summary>The next batch: what had to wait first, since what came later may rest on it.</summary>
    private async ValueTask<bool> MoreAsync(List<DeskRequest> batch)
    {
        if (!await postponed.WaitAsync(requests.Reader, options.RetryDelay, stopping.Token).ConfigureAwait(false))
        {
            return false;
        }

        postponed.Take(batch);
        while (batch.Count < options.LargestBatch && requests.Reader.TryRead(out var request))
        {
            batch.Add(request);
        }

        return true;
    }

    /// <summary>Final answers, in order; what has to wait is put off, and asked for again by itself.</summary>
    private List<SignAnswer> Sorted(List<DeskRequest> batch, IReadOnlyList<DeskAnswer> answered)
    {
        var final = new List<SignAnswer>(batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i].Waiter is { } waiter)
            {
                waiter.TrySetResult(answered[i]);
            }
            else if (answered[i].IsTemporary)
            {
                if (postponed.Add(batch[i]))
                {
                    options.Complain?.Invoke($"The signer's policy does not sign #{batch[i].EffectId} yet ({answered[i].Tag}); it is judged again.");
                }
            }
            else
            {
                postponed.Remove(batch[i].EffectId);
                final.Add(new SignAnswer(batch[i].EffectId, answered[i].Signature, answered[i].Tag) { Instead = answered[i].Instead });
            }
        }

        return final;
    }

    /// <summary>Tries until the memory is stored: a full disk is mended by people, and until then silence is the answer.</summary>
    private async Task<IReadOnlyList<DeskAnswer>> AnswerAsync(List<DeskRequest> batch)
    {
        while (true)
        {
            try
            {
                return desk.Answer(batch.ConvertAll(request => new DeskQuestion(SigningDesk.Read(request.Items), request.Calls)));
            }
            catch (SqliteException e)
            {
                options.Complain?.Invoke(
                    $"The signer's memory {options.MarksPath} cannot be stored, so nothing is signed: {e.Message} "
                    + "Free disk space or mend the disk; the signer keeps trying.");
            }

            await Task.Delay(options.RetryDelay, stopping.Token).ConfigureAwait(false);
        }
    }
}
