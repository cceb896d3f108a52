using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Nitro.Ports;
using Nitro.Secp256k1;

namespace Nitro.Signing;

/// <summary>
/// Holds a channel key in this process. Requests that wait are decided together in order, their marks are made durable in one
/// transaction, and only then are signatures made and answered, as one batch. Without durable marks there is no answer.
/// </summary>
public sealed class InProcessSigner : ISigner
{
    private readonly InProcessSignerOptions options;
    private readonly byte[] key;
    private readonly SigningDesk desk;
    private readonly MarkStore marks;
    private readonly Channel<SignRequest> requests;
    private readonly Channel<IReadOnlyList<SignAnswer>> answers;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task working;
    private int isDisposed;

    private InProcessSigner(InProcessSignerOptions options, byte[] key, byte[] address, MarkStore marks)
    {
        this.options = options;
        this.key = key;
        this.marks = marks;
        ChannelAddress = address;
        desk = new SigningDesk(key, null, marks, options.ParallelFrom);
        requests = Channel.CreateBounded<SignRequest>(new BoundedChannelOptions(options.MostWaiting) { SingleReader = true });
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

    /// <summary>What was done so far.</summary>
    public SignerStatistics Statistics => desk.Statistics;

    /// <summary>Opens the marks and starts to work.</summary>
    /// <param name="privateKey">32 bytes; copied.</param>
    /// <param name="options">Where the marks are.</param>
    /// <param name="cancellationToken">Gives up opening.</param>
    /// <exception cref="KeyFileException">Not a key of the curve.</exception>
    /// <exception cref="MarksException">The marks are in use, damaged or another key's.</exception>
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
            await this.requests.Writer.WriteAsync(request, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Stops after the batch in hand, closes the marks and forgets the key. Requests that wait get no answer.</summary>
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
            marks.Dispose();
            CryptographicOperations.ZeroMemory(key);
            stopping.Dispose();
        }
    }

    private static InProcessSigner Open(ReadOnlySpan<byte> privateKey, InProcessSignerOptions options)
    {
        var address = new byte[20];
        if (!Curve.Default.TryGetAddress(privateKey, address))
        {
            throw new KeyFileException("The channel key is no secp256k1 key: give 32 bytes, neither zero nor above the curve's order.");
        }

        var owner = "0x" + Convert.ToHexStringLower(address);
        var marks = new MarkStore(MarkDatabase.Open(options.MarksPath, owner, options.MaximumBytes));
        return new InProcessSigner(options, privateKey.ToArray(), address, marks);
    }

    private async Task WorkAsync()
    {
        var batch = new List<SignRequest>();
        try
        {
            while (await requests.Reader.WaitToReadAsync(stopping.Token).ConfigureAwait(false))
            {
                while (batch.Count < options.LargestBatch && requests.Reader.TryRead(out var request))
                {
                    batch.Add(request);
                }

                await answers.Writer.WriteAsync(await AnswerAsync(batch).ConfigureAwait(false), stopping.Token).ConfigureAwait(false);
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

    /// <summary>Tries until the marks are stored: a full disk is mended by people, and until then silence is the answer.</summary>
    private async Task<IReadOnlyList<SignAnswer>> AnswerAsync(List<SignRequest> batch)
    {
        while (true)
        {
            try
            {
                return desk.Answer(batch);
            }
            catch (SqliteException e)
            {
                options.Complain?.Invoke(
                    $"The signer's marks {options.MarksPath} cannot be stored, so nothing is signed: {e.Message} "
                    + "Free disk space or mend the disk; the signer keeps trying.");
            }

            await Task.Delay(options.RetryDelay, stopping.Token).ConfigureAwait(false);
        }
    }
}
