using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Grpc;
using Nitro.Ports;
using Nitro.Shell.Tests.EndToEnd;
using Nitro.Shell.Tests.Host;
using Nitro.SignerApi;

namespace Nitro.Shell.Tests.Signing;

/// <summary>A node's side of remote signing on a Unix socket, and who asks there.</summary>
internal sealed class SignerDoor : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo _folder;
    private readonly IAsyncEnumerator<IReadOnlyList<SignAnswer>> _answers;
    private readonly Queue<SignAnswer> _read = new();
    private readonly string _payer;
    private Task<bool>? _reading;

    private SignerDoor(DirectoryInfo folder, SignerApiServer api, SignerAddresses addresses)
    {
        (_folder, Api, _payer) = (folder, api, addresses.Channel);
        Signer = api.Signer(addresses);
        _answers = Signer.AnswersAsync(CancellationToken.None).GetAsyncEnumerator();
    }

    public SignerApiServer Api { get; }

    public RemoteSigner Signer { get; }

    public Uri Address => Api.Address;

    /// <summary>For a node of the signer with these addresses, or of the fake one.</summary>
    public static async Task<SignerDoor> OpenAsync(SignerAddresses? addresses = null, string? socket = null, TimeSpan? patience = null)
    {
        var folder = Directory.CreateTempSubdirectory("nitro-door-");
        var known = addresses ?? new SignerAddresses(FakeSigner.Address, FakeSigner.Address);
        var options = new SignerApiOptions
        {
            Endpoint = GrpcEndpoint.Unix(socket ?? Path.Combine(folder.FullName, "signer.sock")), ServesHsm = true, Known = known,
            Patience = asked => patience ?? RetryWait.Patience(asked),
        };
        var api = await SignerApiServer.StartAsync(options, TestKeys.Recover, NullLoggerFactory.Instance, CancellationToken.None);
        return new SignerDoor(folder, api, known);
    }

    /// <summary>Asks for vouchers on one channel, with the totals for effect ids.</summary>
    public async Task AskAsync(int channel, params int[] totals) => await Signer.SubmitAsync(
        [.. totals.Select(total => VoucherRequest.Request(1_000 * channel + total, $"lane {channel}", _payer, channel, total))], CancellationToken.None);

    /// <summary>Asks for a voucher of 5 on the first channel, with more evidence before it.</summary>
    public async Task AskAsync(IReadOnlyList<ReadOnlyMemory<byte>> evidence)
    {
        var request = VoucherRequest.Request(1_005, "lane 1", _payer, 1, 5);
        await Signer.SubmitAsync([request with { Items = [.. evidence, .. request.Items] }], CancellationToken.None);
    }

    /// <summary>The next answer.</summary>
    public async Task<SignAnswer> NextAsync()
    {
        while (_read.Count == 0)
        {
            _reading ??= _answers.MoveNextAsync().AsTask();
            Assert(await _reading.WaitAsync(Patience));
            _reading = null;
            foreach (var answer in _answers.Current)
            {
                _read.Enqueue(answer);
            }
        }

        return _read.Dequeue();
    }

    /// <summary>Nothing was answered so far.</summary>
    public bool IsQuiet
    {
        get
        {
            _reading ??= _read.Count == 0 ? _answers.MoveNextAsync().AsTask() : null;
            return _read.Count == 0 && !_reading!.IsCompleted;
        }
    }

    /// <summary>Until so many are attached.</summary>
    public async Task AttachedAsync(int count)
    {
        using var limit = new CancellationTokenSource(Patience);
        await Wait.UntilAsync(() => Api.Health.Attached == count, limit.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Signer.DisposeAsync();
        if (_reading is not null)
        {
            await ((Task)_reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _answers.DisposeAsync();
        await Api.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static void Assert(bool isOpen)
    {
        if (!isOpen)
        {
            throw new InvalidOperationException("The signer's answers ended.");
        }
    }
}
